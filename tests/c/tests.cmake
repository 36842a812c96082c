# SPDX-License-Identifier: MIT
# Tests of the C interface: that C99 and C++11 take each header alone; programs in C; and, as in
# every folder, *_test.cpp, which call it from C++.

# --- the headers ---------------------------------------------------------------------------------
# Flags of the strictest user. <mpi.h> is not ours to judge: -isystem.
set(c_warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror)
file(GLOB c_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/shmwin.h ${PROJECT_SOURCE_DIR}/include/shmwin/c/*.h)

# c/headers.<name>: `compiler`, with `flags`, takes a file with nothing but one header, for each.
function(shmwin_check_c_headers name ending compiler)
  set(files "")
  foreach(header IN LISTS c_headers)
    string(MAKE_C_IDENTIFIER "${header}" file)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/c_headers/${file}.${ending})
    # Twice: it has a guard. ISO C wants a declaration.
    file(CONFIGURE OUTPUT ${file} CONTENT
      "#include \"${header}\"\n#include \"${header}\"\nextern int declared;\n" @ONLY)
    list(APPEND files ${file})
  endforeach()
  set(folders ${MPI_CXX_INCLUDE_DIRS})
  list(TRANSFORM folders PREPEND "-isystem")
  shmwin_add_script_test(c/headers.${name} TIMEOUT 120
    COMMAND ${compiler} ${ARGN} ${c_warnings} -fsyntax-only -DOMPI_SKIP_MPICXX -DMPICH_SKIP_MPICXX
      -I${PROJECT_SOURCE_DIR}/include ${folders} ${files}
    PROPERTIES LABELS "serial;headers")
endfunction()
shmwin_check_c_headers(c99 c ${CMAKE_C_COMPILER} -std=c99 -Wstrict-prototypes -Wmissing-prototypes)
shmwin_check_c_headers(c17 c ${CMAKE_C_COMPILER} -std=c17 -Wstrict-prototypes)
shmwin_check_c_headers(cpp11 cpp ${CMAKE_CXX_COMPILER} -std=c++11 -Wold-style-cast)

shmwin_add_test(c/dtype RANKS 1) # of one process

# --- programs in C -------------------------------------------------------------------------------
# shmwin_add_c_program(<name> [<source>...])   default: <name>.c; C99, with all warnings
function(shmwin_add_c_program name)
  if(SHMWIN_TEST_LABEL)
    return() # no test of that label runs it
  endif()
  set(sources ${ARGN})
  if(NOT sources)
    set(sources ${name}.c)
  endif()
  list(TRANSFORM sources PREPEND c/)
  add_executable(c_${name} ${sources})
  set_target_properties(c_${name} PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
  target_compile_options(c_${name} PRIVATE ${c_warnings})
  target_link_libraries(c_${name} PRIVATE shmwin::c)
endfunction()

# shmwin_add_c_test(<name> RANKS <n>...)   the program <name>.c under mpiexec: ctests c/<name>.np<n>
function(shmwin_add_c_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "RANKS")
  shmwin_add_c_program(${name})
  foreach(n IN LISTS arg_RANKS)
    if(n GREATER SHMWIN_TEST_MAX_RANKS)
      continue()
    endif()
    shmwin_add_script_test(c/${name}.np${n} TIMEOUT 180
      COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n} ${MPIEXEC_PREFLAGS}
        $<TARGET_FILE:c_${name}> ${MPIEXEC_POSTFLAGS}
      PROPERTIES PROCESSORS ${n} LABELS "c;np${n}")
  endforeach()
endfunction()

shmwin_add_c_test(first_program RANKS 1 2)
shmwin_add_c_program(abi_test)
shmwin_add_script_test(c/abi TIMEOUT 60 COMMAND c_abi_test PROPERTIES LABELS "c;serial")
shmwin_add_script_test(c/functions TIMEOUT 60
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/c/functions.sh ${PROJECT_SOURCE_DIR}/include
  PROPERTIES LABELS "c;serial")

# --- several programs in one job -----------------------------------------------------------------
shmwin_add_c_program(one_of_many)
if(NOT SHMWIN_TEST_LABEL)
  add_executable(c_one_of_many_cpp c/one_of_many.cpp)
  target_link_libraries(c_one_of_many_cpp PRIVATE shmwin::core shmwin_warnings)
endif()
# c/many.<name>: one rank of each program, in that order.
function(shmwin_add_many_test name)
  list(LENGTH ARGN n)
  if(n GREATER SHMWIN_TEST_MAX_RANKS)
    return()
  endif()
  set(job "")
  foreach(program IN LISTS ARGN)
    list(APPEND job : ${MPIEXEC_NUMPROC_FLAG} 1 ${MPIEXEC_PREFLAGS} $<TARGET_FILE:${program}>)
  endforeach()
  list(POP_FRONT job)
  shmwin_add_script_test(c/many.${name} TIMEOUT 120 COMMAND ${MPIEXEC_EXECUTABLE} ${job}
    PROPERTIES PROCESSORS ${n} LABELS "c;np${n}")
endfunction()
shmwin_add_many_test(cpp_c c_one_of_many_cpp c_one_of_many)
shmwin_add_many_test(c_cpp c_one_of_many c_one_of_many_cpp)
shmwin_add_many_test(cpp_c_cpp c_one_of_many_cpp c_one_of_many c_one_of_many_cpp)

shmwin_add_test(c/status RANKS 1) # of one process

# A rank is killed; see the programs.
foreach(program killed_holder killed_peer)
  shmwin_add_c_program(${program})
  if(TARGET c_${program})
    target_include_directories(c_${program} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
endforeach()
set(killed_holder_of mutex recursive_mutex shared_mutex synchronized abandoned)
set(killed_peer_of barrier latch condition_variable semaphore event lease)
foreach(program killed_holder killed_peer)
  foreach(what IN LISTS ${program}_of)
    foreach(n 2 3)
      if(n EQUAL 2 AND NOT what MATCHES "mutex|lease")
        continue() # what one survivor sees, the others see too
      endif()
      shmwin_add_script_test(c/${program}.${what}.np${n} TIMEOUT 90
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/survivors.sh ${MPIEXEC_EXECUTABLE} ${n}
          $<TARGET_FILE:c_${program}> ${what}
        PROPERTIES PROCESSORS ${n} LABELS "c;np${n}")
    endforeach()
  endforeach()
endforeach()

# Checkpoints, or that there are none.
if(SHMWIN_HAS_IO)
  shmwin_leave_out(c/without_io)
else()
  shmwin_leave_out(c/checkpoint)
  shmwin_leave_out(c/dataset)
endif()
