# SPDX-License-Identifier: MIT
# The Python package, by pytest under mpirun: ctests python/<name>.np<n> for each
# tests/python/<name>_test.py. A file may name its numbers of ranks in a line "# ranks: 1 2".
if(NOT SHMWIN_HAS_PYTHON)
  return()
endif()
# The module is no program: the sanitizer's library must be there first.
set(python_wrapper env PYTHONPATH=${PROJECT_BINARY_DIR}/python PYTHONDONTWRITEBYTECODE=1)
if(SHMWIN_SANITIZE MATCHES "address")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libasan.so
    OUTPUT_VARIABLE asan_library OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.so
    OUTPUT_VARIABLE cxx_library OUTPUT_STRIP_TRAILING_WHITESPACE) # else its throw is not seen
  list(APPEND python_wrapper LD_PRELOAD=${asan_library}:${cxx_library})
elseif(SHMWIN_SANITIZE)
  return() # ThreadSanitizer cannot be loaded into a program
endif()

file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
foreach(script IN LISTS scripts)
  cmake_path(GET script STEM stem)
  string(REGEX REPLACE "_test$" "" stem ${stem})
  file(STRINGS ${script} ranks REGEX "^# ranks: [1-8 ]+$" LIMIT_COUNT 1)
  string(REGEX REPLACE "^# ranks: " "" ranks "${ranks}")
  separate_arguments(ranks)
  if(NOT ranks)
    set(ranks 1 2 3 4)
  endif()
  foreach(n IN LISTS ranks)
    if(n GREATER SHMWIN_TEST_MAX_RANKS OR (SHMWIN_TEST_LABEL AND NOT n EQUAL 2))
      continue()
    endif()
    set(arg_COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n} ${MPIEXEC_PREFLAGS}
      ${python_wrapper} ${SHMWIN_PYTHON_EXECUTABLE} -X dev
      ${CMAKE_CURRENT_LIST_DIR}/run.py ${script})
    set(labels python np${n})
    if(n EQUAL 2)
      list(APPEND labels asan)
    endif()
    _shmwin_add_ctest(python/${stem}.np${n} 180 "${labels}")
    set_tests_properties(${SHMWIN_TEST_PREFIX}python/${stem}.np${n} PROPERTIES
      PROCESSORS ${n} SKIP_RETURN_CODE 77)
  endforeach()
endforeach()

# `pip install .`, from this build's tree: it builds nothing that is not built.
shmwin_add_script_test(python/pip_install TIMEOUT 180
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/pip_install.sh
    ${SHMWIN_PYTHON_EXECUTABLE} ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}
  PROPERTIES SKIP_RETURN_CODE 77)

# One rank of each program, in that order, on one segment: see one_of_many.py.
function(shmwin_add_python_many_test name)
  list(LENGTH ARGN n)
  if(n GREATER SHMWIN_TEST_MAX_RANKS OR SHMWIN_TEST_LABEL)
    return()
  endif()
  set(job "")
  foreach(program IN LISTS ARGN)
    list(APPEND job : ${MPIEXEC_NUMPROC_FLAG} 1 ${MPIEXEC_PREFLAGS})
    if(program STREQUAL "python")
      list(APPEND job ${python_wrapper} ${SHMWIN_PYTHON_EXECUTABLE} -X dev
        ${PROJECT_SOURCE_DIR}/tests/python/one_of_many.py)
    else()
      list(APPEND job $<TARGET_FILE:${program}>)
    endif()
  endforeach()
  list(POP_FRONT job)
  shmwin_add_script_test(python/many.${name} TIMEOUT 120 COMMAND ${MPIEXEC_EXECUTABLE} ${job}
    PROPERTIES PROCESSORS ${n} LABELS "python;np${n}")
endfunction()
set(of_cpp c_one_of_many_cpp)
set(of_c c_one_of_many)
if(TARGET ${of_cpp} AND TARGET ${of_c})
  shmwin_add_python_many_test(cpp_python_c ${of_cpp} python ${of_c})
  shmwin_add_python_many_test(python_c_cpp python ${of_c} ${of_cpp})
  shmwin_add_python_many_test(c_cpp_python_cpp ${of_c} ${of_cpp} python ${of_cpp})
endif()
