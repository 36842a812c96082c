# SPDX-License-Identifier: MIT
# Tests of files that need more than ranks: other people's readers, kills, a small disk, strace.
# Those that cannot be done on a machine end with 77: skipped.
# Serial, but not under ThreadSanitizer: its build has no MPI, so no io.
shmwin_add_test(io/checksum NO_TSAN)
shmwin_add_test(io/flipped_bytes NO_TSAN LINK shmwin_hdf5) # its headers, for src/io
shmwin_add_test(io/compressed RANKS 1 2 3 4 LINK shmwin_hdf5)
shmwin_add_test(io/mapped_file NO_TSAN)
shmwin_add_test(io/payload_source NO_TSAN)
foreach(concept chunks due_policy retention wall_clock watched_signals)
  shmwin_add_test(io/${concept} NO_TSAN)
endforeach()
if(SHMWIN_TEST_LABEL)
  return()
endif()
add_executable(test_io_program support/io_program.cpp)
target_include_directories(test_io_program PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(test_io_program PRIVATE shmwin::shmwin shmwin_warnings
  GTest::gtest) # support/ranks.hpp names its macros

set(io_support ${CMAKE_CURRENT_SOURCE_DIR}/support)
set(io_program $<TARGET_FILE:test_io_program>)
set(io_launcher ${MPIEXEC_EXECUTABLE} ${MPIEXEC_PREFLAGS} ${MPIEXEC_NUMPROC_FLAG})
set(io_python ${SHMWIN_TEST_PYTHON})
if(NOT io_python)
  set(io_python python3)
endif()
set(may_skip SKIP_RETURN_CODE 77)

set(writers "1 2 3 4")
set(readers "1 2 3 4 5")
set(few_writers 3)
set(few_readers "2 8")
if(SHMWIN_TEST_MAX_RANKS LESS 8)
  set(writers 2)
  set(readers "1 2")
  set(few_writers 2)
  set(few_readers "1")
endif()
shmwin_add_script_test(io/other_numbers_of_ranks TIMEOUT 240
  COMMAND bash ${io_support}/io_elastic.sh
    ${io_program} elastic ${writers} ${readers} ${io_launcher}
  PROPERTIES PROCESSORS 4)
shmwin_add_script_test(io/other_numbers_of_ranks.deflate TIMEOUT 120
  COMMAND bash ${io_support}/io_elastic.sh
    ${io_program} elastic_deflate ${few_writers} ${few_readers} ${io_launcher}
  PROPERTIES PROCESSORS 4)
shmwin_add_script_test(io/judges TIMEOUT 120
  COMMAND ${io_python} ${io_support}/io_judge.py ${io_program} ${io_launcher} 2
  PROPERTIES PROCESSORS 2 ${may_skip})
shmwin_add_script_test(io/netcdf TIMEOUT 120
  COMMAND ${io_python} ${io_support}/io_netcdf.py ${io_program} ${io_launcher} 2
  PROPERTIES PROCESSORS 2 ${may_skip})
shmwin_add_script_test(io/kills TIMEOUT 180
  COMMAND ${io_python} ${io_support}/io_kill_soak.py ${io_program} 20
  PROPERTIES ${may_skip})
shmwin_add_script_test(io/kills.np2 TIMEOUT 180
  COMMAND ${io_python} ${io_support}/io_kill_soak.py ${io_program} 6 -- ${io_launcher} 2
  PROPERTIES PROCESSORS 2 ${may_skip})
shmwin_add_script_test(io/kills_async TIMEOUT 180
  COMMAND ${io_python} ${io_support}/io_kill_soak.py ${io_program} 16 --async
  PROPERTIES ${may_skip})
shmwin_add_script_test(io/kills_async.np2 TIMEOUT 180
  COMMAND ${io_python} ${io_support}/io_kill_soak.py ${io_program} 6 --async -- ${io_launcher} 2
  PROPERTIES PROCESSORS 2 ${may_skip})
shmwin_add_script_test(io/leave TIMEOUT 120
  COMMAND bash ${io_support}/io_leave.sh ${io_program} ${io_launcher} 2
  PROPERTIES PROCESSORS 2)
shmwin_add_test(io/save_async_trouble RANKS 1 3)
shmwin_add_test(io/save_async_funneled RANKS 1 3 ARGS --thread-funneled)
add_executable(test_io_async_death support/io_async_death.cpp)
target_link_libraries(test_io_async_death PRIVATE shmwin::shmwin shmwin_warnings)
foreach(who filler emptier writer)
  shmwin_add_script_test(io/async_death.${who} TIMEOUT 90
    COMMAND ${io_support}/survivors.sh ${MPIEXEC_EXECUTABLE} 3
      $<TARGET_FILE:test_io_async_death> ${who}
    PROPERTIES PROCESSORS 3)
endforeach()
shmwin_add_script_test(io/order TIMEOUT 120
  COMMAND ${io_python} ${io_support}/io_order.py ${io_program} ${io_launcher} 2
  PROPERTIES PROCESSORS 2 ${may_skip})
shmwin_add_script_test(io/several_nodes TIMEOUT 120
  COMMAND bash ${io_support}/fake_nodes.sh -n 2 -p 1 -e ${MPIEXEC_EXECUTABLE}
    -- ${io_program} nodes nodes/state
  PROPERTIES PROCESSORS 2 ${may_skip})

shmwin_add_test(io/fail_point RANKS 3)
shmwin_add_test(io/fail_point_matrix RANKS 3 ARGS --gtest_filter=FailPointMatrix.*)
foreach(action RANGE 4)
  shmwin_add_test(io/fail_point_matrix REUSE action${action} RANKS 3
    ARGS --gtest_filter=*EachFailPoint*/${action})
endforeach()
set(io_three_ranks ${io_launcher} 3)
if(SHMWIN_TEST_MAX_RANKS LESS 3)
  set(io_three_ranks ${io_launcher} ${SHMWIN_TEST_MAX_RANKS})
endif()
shmwin_add_script_test(io/order.3 TIMEOUT 120
  COMMAND ${io_python} ${io_support}/io_order.py ${io_program} ${io_three_ranks}
  PROPERTIES PROCESSORS 3 ${may_skip})
foreach(part 1 2 3)
  shmwin_add_script_test(io/fail_point_kills.${part} TIMEOUT 180
    COMMAND ${io_python} ${io_support}/io_fail_points.py ${io_program} --part ${part}/3
      -- ${io_three_ranks}
    PROPERTIES PROCESSORS 3 ${may_skip})
endforeach()
shmwin_add_script_test(io/fail_points_compiled_in TIMEOUT 60
  COMMAND bash ${io_support}/io_fail_points_compiled_in.sh $<BOOL:${SHMWIN_FAIL_POINTS}>
    $<TARGET_FILE:shmwin_io>)
shmwin_add_script_test(io/two_jobs TIMEOUT 120
  COMMAND bash ${io_support}/io_two_jobs.sh ${io_program} ${io_launcher} 2
  PROPERTIES PROCESSORS 2)
shmwin_add_test(io/vanishing_directory RANKS 1 3)
shmwin_add_test(io/disk RANKS 1 2 3 4)
shmwin_add_test(io/many_names RANKS 2)
shmwin_add_test(io/large_dataset RANKS 2) # skipped but in the soak
shmwin_add_script_test(io/small_disk TIMEOUT 120
  COMMAND bash ${io_support}/io_small_disk.sh 6m ${io_launcher} 2
    $<TARGET_FILE:test_io_disk> --gtest_filter=SmallDisk.*
  PROPERTIES PROCESSORS 2 ${may_skip})

shmwin_add_test(io/incremental RANKS 1 2 3 4 LINK shmwin_hdf5 ARGS --gtest_filter=-*/async*)
shmwin_add_test(io/incremental REUSE async RANKS 2 ARGS --gtest_filter=*/async*)
set(io_reflinks bash ${io_support}/io_reflink_disk.sh)
foreach(n 1 3)
  shmwin_add_script_test(io/incremental.reflink.np${n} TIMEOUT 120
    COMMAND ${io_reflinks} ${io_launcher} ${n} $<TARGET_FILE:test_io_incremental>
    PROPERTIES PROCESSORS ${n} ${may_skip})
endforeach()
shmwin_add_script_test(io/fail_point_matrix.reflink TIMEOUT 180
  COMMAND ${io_reflinks} ${io_three_ranks} $<TARGET_FILE:test_io_fail_point_matrix>
    --gtest_filter=*OldBlocks*
  PROPERTIES PROCESSORS 3 ${may_skip})
shmwin_add_script_test(io/fail_point_kills.reflink TIMEOUT 120
  COMMAND ${io_reflinks} ${io_python} ${io_support}/io_fail_points.py ${io_program}
    --kinds incremental,async_incremental --points share,previous -- ${io_three_ranks}
  PROPERTIES PROCESSORS 3 ${may_skip})

# As on a file system that is not mapped.
foreach(concept checkpoint_roundtrip damage edited_checkpoint)
  shmwin_add_test(io/${concept} RANKS 1 2 3 4)
  shmwin_add_test(io/${concept} REUSE by_read RANKS 2
    PROPERTIES ENVIRONMENT_MODIFICATION SHMWIN_MAP_FILES=set:0)
endforeach()

# due(): a rank dies in it; a signal reaches one rank of a job, or its launcher.
add_executable(test_io_due_program support/io_due_program.cpp)
target_link_libraries(test_io_due_program PRIVATE shmwin::shmwin shmwin_warnings)
foreach(who first other)
  shmwin_add_script_test(io/due_departure.${who} TIMEOUT 90
    COMMAND ${io_support}/survivors.sh ${MPIEXEC_EXECUTABLE} 3
      $<TARGET_FILE:test_io_due_program> ${who}
    PROPERTIES PROCESSORS 3)
endforeach()
foreach(who 0 2 launcher)
  shmwin_add_script_test(io/due_signal.${who} TIMEOUT 120
    COMMAND bash ${io_support}/io_due_signal.sh $<TARGET_FILE:test_io_due_program> ${who}
      ${io_launcher} 3
    PROPERTIES PROCESSORS 3)
endforeach()
shmwin_add_script_test(io/due_nodes TIMEOUT 120
  COMMAND bash ${io_support}/fake_nodes.sh -n 2 -p 2 -e ${MPIEXEC_EXECUTABLE}
    -- $<TARGET_FILE:test_io_due_program> nodes
  PROPERTIES PROCESSORS 4 ${may_skip})
