# SPDX-License-Identifier: MIT
# shmwin_add_test(<folder/concept>)                  one process, no launcher
# shmwin_add_test(<folder/concept> RANKS 1 2 3 4)    under mpiexec, once per rank count
#
# Builds tests/<folder>/<concept>_test.cpp and adds the ctest tests <folder>/<concept> or
# <folder>/<concept>.np<n>. Labels: the folder; "serial" or "np<n>"; "asan" for serial tests and
# for np2 of SHMWIN_ASAN_MPI_TESTS, "tsan" for serial tests of the library.
#
#   LINK <target>...      more to link
#   INCLUDE <folder>...   other people's headers
#   LABELS <label>...     more labels
#   NO_ASAN, NO_TSAN      without that label: not run under that sanitizer; say why
#   TIMEOUT <seconds>     default: 120 serial, 180 under mpiexec
#   PROPERTIES <k> <v>... more properties of the ctest tests, e.g. RUN_SERIAL TRUE
#   ARGS <arg>...         arguments of the test program
#   EXPECT <regex>        pass if the output matches, whatever the exit status
#   OWN_MAIN              the program has a main() of its own
#   REUSE <suffix>        no new program: another run of it, named <folder/concept>.<suffix>
#
# shmwin_discover_tests(<folder> [the same options])
# Adds each tests/<folder>/*_test.cpp that has no shmwin_add_test of its own. Those stand in
# tests/<folder>/tests.cmake, which is read first. shmwin_leave_out(<folder/concept>) there: not this one.
#
# A test runs in an empty-at-first folder of its own: <build>/tests/scratch/<its name>.
set(SHMWIN_TEST_PREFIX "" CACHE STRING "Put before the names of all tests, to tell builds apart")
set(SHMWIN_TEST_LABEL "" CACHE STRING "Only tests with this label are built and run")
set(SHMWIN_TEST_MAX_RANKS 8 CACHE STRING "Tests with more ranks are left out")

# Slower instructions need more patience.
set(shmwin_test_patience 1)
if(SHMWIN_SANITIZE)
  set(shmwin_test_patience 3)
endif()

# Environment instead of flags of mpiexec: each MPI ignores what is for another.
#   oversubscribe, yield: there may be fewer cores than ranks
#   binding none:         tests that run side by side would all be bound to the first core
set(shmwin_test_environment
  OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1
  OMPI_MCA_hwloc_base_binding_policy=none
  PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
  PRTE_MCA_hwloc_default_binding_policy=none
  # Open MPI leaks at exit, and so does what it loads.
  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:abort_on_error=0
  UBSAN_OPTIONS=print_stacktrace=1
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  "SHMWIN_TEST_PYTHON=${SHMWIN_TEST_PYTHON}"
  "SHMWIN_TEST_H5DUMP=${SHMWIN_TEST_H5DUMP}")
execute_process(COMMAND id -u OUTPUT_VARIABLE shmwin_user OUTPUT_STRIP_TRAILING_WHITESPACE)
if(shmwin_user STREQUAL "0")
  list(APPEND shmwin_test_environment
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
endif()

# ThreadSanitizer of gcc 12 and clang 14 dies of the wider address randomization of newer kernels.
# Containers may forbid to switch it off: then it is hoped that the kernel is older.
set(shmwin_test_wrapper "")
if(SHMWIN_SANITIZE MATCHES "thread")
  execute_process(COMMAND setarch -R true RESULT_VARIABLE cannot OUTPUT_QUIET ERROR_QUIET)
  if(NOT cannot)
    set(shmwin_test_wrapper setarch -R)
  endif()
endif()

# Internal: one ctest test with what all have in common.
function(_shmwin_add_ctest name timeout labels)
  set(name ${SHMWIN_TEST_PREFIX}${name})
  cmake_path(APPEND CMAKE_CURRENT_BINARY_DIR scratch ${name} OUTPUT_VARIABLE scratch)
  file(MAKE_DIRECTORY ${scratch})
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${scratch} COMMAND_EXPAND_LISTS)
  math(EXPR timeout "${timeout} * ${shmwin_test_patience}")
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${timeout} LABELS "${labels}" ENVIRONMENT "${shmwin_test_environment}"
    ${arg_PROPERTIES})
  if(arg_EXPECT)
    set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "${arg_EXPECT}")
  endif()
endfunction()

# Internal: sets `out` to the rank counts that this build runs; 0 is without mpiexec.
function(_shmwin_runs out)
  set(runs "")
  set(counts ${arg_RANKS})
  if(NOT counts)
    set(counts 0)
  endif()
  foreach(n IN LISTS counts)
    set(labels ${arg_LABELS})
    if(NOT arg_NO_ASAN
       AND (n EQUAL 0 OR (n EQUAL 2 AND "${name}" IN_LIST SHMWIN_ASAN_MPI_TESTS)))
      list(APPEND labels asan)
    endif()
    if(NOT arg_NO_TSAN AND n EQUAL 0)
      list(APPEND labels tsan)
    endif()
    if(NOT n GREATER SHMWIN_TEST_MAX_RANKS
       AND (NOT SHMWIN_TEST_LABEL OR SHMWIN_TEST_LABEL IN_LIST labels))
      list(APPEND runs ${n})
      set(labels_${n} ${labels} PARENT_SCOPE)
    endif()
  endforeach()
  set(${out} ${runs} PARENT_SCOPE)
endfunction()

# What all tests of a kind include, compiled once: half of a test's time. Not where clang-tidy looks
# at each file, which must include what it uses. Tests with flags of their own do without.
foreach(kind serial mpi io)
  add_library(shmwin_pch_${kind} OBJECT EXCLUDE_FROM_ALL support/precompiled.cpp)
  target_include_directories(shmwin_pch_${kind} PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(shmwin_pch_${kind} PRIVATE shmwin_warnings
    $<IF:$<STREQUAL:${kind},io>,shmwin::shmwin,shmwin::core>
    $<IF:$<STREQUAL:${kind},serial>,GTest::gmock_main,GTest::gmock>)
  if(SHMWIN_SANITIZE)
    target_compile_options(shmwin_pch_${kind} PRIVATE -O0)
  endif()
  target_precompile_headers(shmwin_pch_${kind} PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/support/precompiled_${kind}.hpp)
endforeach()

# Internal: the program of a test. Layers below io are linked to core alone, as a check.
function(_shmwin_add_program target name folder)
  set(main $<IF:$<BOOL:${arg_RANKS}>,shmwin_mpi_main,GTest::gmock_main>)
  if(arg_OWN_MAIN)
    set(main GTest::gmock)
  endif()
  add_executable(${target} ${name}_test.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(${target} SYSTEM PRIVATE ${arg_INCLUDE})
  target_link_libraries(${target} PRIVATE ${arg_LINK}
    $<$<STREQUAL:${folder},c>:shmwin::c>
    $<IF:$<OR:$<STREQUAL:${folder},io>,$<STREQUAL:${folder},c>>,shmwin::shmwin,shmwin::core>
    shmwin_warnings ${main})
  if(SHMWIN_SANITIZE) # most of the time goes into compiling tests; the library is optimised
    target_compile_options(${target} PRIVATE -O0)
  endif()
  if(NOT arg_LINK AND NOT arg_INCLUDE AND NOT CMAKE_CXX_CLANG_TIDY)
    if(folder STREQUAL "io")
      set(kind io)
    elseif(arg_RANKS)
      set(kind mpi)
    else()
      set(kind serial)
    endif()
    target_precompile_headers(${target} REUSE_FROM shmwin_pch_${kind})
  endif()
endfunction()

function(shmwin_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_ASAN;NO_TSAN;OWN_MAIN" "EXPECT;REUSE;TIMEOUT"
    "RANKS;ARGS;LINK;INCLUDE;LABELS;PROPERTIES")
  set_property(GLOBAL APPEND PROPERTY shmwin_named_tests ${name})
  cmake_path(GET name PARENT_PATH folder)
  string(MAKE_C_IDENTIFIER "test_${name}" target)
  _shmwin_runs(runs)
  if("${runs}" STREQUAL "")
    return()
  endif()
  if(arg_REUSE)
    string(APPEND name ".${arg_REUSE}")
  else()
    _shmwin_add_program(${target} ${name} ${folder})
  endif()

  foreach(n IN LISTS runs)
    if(n EQUAL 0)
      set(arg_COMMAND ${shmwin_test_wrapper} $<TARGET_FILE:${target}> ${arg_ARGS})
      set(timeout 120)
      set(full_name ${name})
      set(labels ${folder} serial ${labels_${n}})
    else()
      set(arg_COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n} ${MPIEXEC_PREFLAGS}
        $<TARGET_FILE:${target}> ${arg_ARGS} ${MPIEXEC_POSTFLAGS})
      set(timeout 180) # above the limits of mpi_main.cpp (60 s and 120 s)
      set(full_name ${name}.np${n})
      set(labels ${folder} np${n} ${labels_${n}})
    endif()
    if(arg_TIMEOUT)
      set(timeout ${arg_TIMEOUT})
    endif()
    _shmwin_add_ctest(${full_name} ${timeout} "${labels}")
    if(n GREATER 0)
      set_tests_properties(${SHMWIN_TEST_PREFIX}${full_name} PROPERTIES PROCESSORS ${n})
    endif()
  endforeach()
endfunction()

function(shmwin_leave_out name)
  set_property(GLOBAL APPEND PROPERTY shmwin_named_tests ${name})
endfunction()

function(shmwin_discover_tests folder)
  include(${CMAKE_CURRENT_SOURCE_DIR}/${folder}/tests.cmake OPTIONAL)
  get_property(named GLOBAL PROPERTY shmwin_named_tests)
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
    ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp)
  foreach(source IN LISTS sources)
    string(REGEX REPLACE "_test\\.cpp$" "" name ${source})
    if(NOT name IN_LIST named)
      shmwin_add_test(${name} ${ARGN})
    endif()
  endforeach()
endfunction()

# shmwin_add_script_test(<name> COMMAND <command>... [TIMEOUT <s>] [PROPERTIES ...])
# A test that is no program of ours. In builds that are limited to a label there is none.
function(shmwin_add_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;EXPECT" "COMMAND;PROPERTIES")
  if(NOT SHMWIN_TEST_LABEL)
    _shmwin_add_ctest(${name} ${arg_TIMEOUT} serial)
  endif()
endfunction()
