# SPDX-License-Identifier: MIT
# Tests of segment/ that are run in other ways than the rest of the folder.

# Under both ways to start MPI.
shmwin_add_test(segment/segment RANKS 1 2 3 4)
shmwin_add_test(segment/segment REUSE thread_multiple RANKS 1 2 4 ARGS --thread-multiple)
shmwin_add_test(segment/threads RANKS 1 2 3 4 ARGS --thread-multiple)

# As many ranks as the tests of sync/ that are called "together".
shmwin_add_test(segment/synchronized_together RANKS 2 4 8)

# Transports that move a large message only while both sides are inside MPI. Other MPIs than Open
# MPI ignore the variables.
shmwin_add_test(segment/progress RANKS 1 2 3 4)
shmwin_add_test(segment/progress REUSE tcp RANKS 2 4 TIMEOUT 90
  PROPERTIES ENVIRONMENT_MODIFICATION OMPI_MCA_btl=set:tcp,self)
shmwin_add_test(segment/progress REUSE no_single_copy RANKS 2 4 TIMEOUT 90
  PROPERTIES ENVIRONMENT_MODIFICATION OMPI_MCA_btl_vader_single_copy_mechanism=set:none)
shmwin_add_test(segment/find_or_construct RANKS 1 2 3 4)
shmwin_add_test(segment/find_or_construct REUSE tcp RANKS 2 4 TIMEOUT 90
  PROPERTIES ENVIRONMENT_MODIFICATION OMPI_MCA_btl=set:tcp,self)

# What ends first: each order is a process of its own. The first call builds the program.
shmwin_add_test(segment/lifetime OWN_MAIN RANKS 1 2 3 ARGS closed_then_handles)
foreach(order handles_then_segment_unclosed segment_after_finalize node_first
    segment_destroyed_before_finalize several_each_rank_in_its_order windows_unfreed
    statics_closed statics_unclosed)
  shmwin_add_test(segment/lifetime REUSE ${order} RANKS 1 2 3 ARGS ${order})
endforeach()

# Likewise, and who then releases the owner of adopted memory.
shmwin_add_test(segment/adopted_lifetime OWN_MAIN RANKS 1 2 3 ARGS unclosed_without_handles)
foreach(order handle_after_finalize segment_after_finalize segment_destroyed_before_finalize
    window_freed_after_close statics)
  shmwin_add_test(segment/adopted_lifetime REUSE ${order} RANKS 1 2 3 ARGS ${order})
endforeach()

# How a rank leaves, and the call in which the others wait for it. PROCESSORS: they have a second.
shmwin_add_test(segment/departure OWN_MAIN RANKS 2 3 4 TIMEOUT 60 ARGS throw fence)
foreach(run throw:create_array return:fence return:destroy leave:create_value leave:flip
    finalize:fence finalize:close leave:wait)
  string(REGEX REPLACE "(.*):(.*)" "\\1" how ${run})
  string(REGEX REPLACE "(.*):(.*)" "\\2" call ${run})
  shmwin_add_test(segment/departure REUSE ${how}_${call} RANKS 2 3 TIMEOUT 60 ARGS ${how} ${call})
endforeach()
if(TARGET test_segment_departure)
  foreach(run exit:fence exit:close kill:fence kill:create_array kill:flip kill:close kill:wait)
    string(REGEX REPLACE "(.*):(.*)" "\\1" how ${run})
    string(REGEX REPLACE "(.*):(.*)" "\\2" call ${run})
    shmwin_add_script_test(segment/departure.${how}_${call} TIMEOUT 90
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/survivors.sh ${MPIEXEC_EXECUTABLE} 2
        $<TARGET_FILE:test_segment_departure> ${how} ${call}
      PROPERTIES PROCESSORS 2)
  endforeach()
  if(SHMWIN_TEST_MAX_RANKS GREATER_EQUAL 4)
    shmwin_add_script_test(segment/departure.kill_fence.np4 TIMEOUT 90
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/survivors.sh ${MPIEXEC_EXECUTABLE} 4
        $<TARGET_FILE:test_segment_departure> kill fence
      PROPERTIES PROCESSORS 4)
  endif()
endif()

# The same with locks in its hands. The first call builds the program.
shmwin_add_test(segment/lock_departure OWN_MAIN RANKS 2 3 TIMEOUT 60 ARGS leave)
if(TARGET test_segment_lock_departure)
  foreach(how exit kill)
    shmwin_add_script_test(segment/lock_departure.${how} TIMEOUT 90
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/survivors.sh ${MPIEXEC_EXECUTABLE} 3
        $<TARGET_FILE:test_segment_lock_departure> ${how}
      PROPERTIES PROCESSORS 3)
  endforeach()
endif()

# It forks, without MPI.
shmwin_add_test(segment/synchronized_kill)

# It forks; one rank's window is memory that its children inherit.
shmwin_add_test(segment/killed_rank RANKS 1)

# A /dev/shm of 64 MiB. Without the script there is nothing to see.
shmwin_add_test(segment/small_shm RANKS 4)
if(TARGET test_segment_small_shm)
  shmwin_add_script_test(segment/small_shm.64m TIMEOUT 120
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/small_shm.sh 64m ${MPIEXEC_EXECUTABLE}
      ${MPIEXEC_NUMPROC_FLAG} 4 ${MPIEXEC_PREFLAGS} $<TARGET_FILE:test_segment_small_shm>
      ${MPIEXEC_POSTFLAGS}
    PROPERTIES SKIP_RETURN_CODE 77 PROCESSORS 4)
endif()

# Alone: other tests come and go in /dev/shm.
shmwin_add_test(segment/left_behind OWN_MAIN RANKS 2)
if(TARGET test_segment_left_behind)
  set(n_ranks 2)
  if(SHMWIN_TEST_MAX_RANKS GREATER_EQUAL 4)
    set(n_ranks 4)
  endif()
  shmwin_add_script_test(segment/left_behind.killed TIMEOUT 90
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/left_behind.sh ${MPIEXEC_EXECUTABLE} ${n_ranks}
      $<TARGET_FILE:test_segment_left_behind>
    PROPERTIES SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
endif()

# One machine as several nodes; MPICH spins, so with fewer ranks.
shmwin_add_test(segment/several_nodes RANKS 1 2 3 4)
if(TARGET test_segment_several_nodes)
  set(shapes "-n 2 -p 1")
  if(SHMWIN_TEST_MAX_RANKS GREATER_EQUAL 4)
    list(APPEND shapes "-n 2 -p 2" "-n 3 -p 1")
  endif()
  foreach(shape IN LISTS shapes)
    string(REGEX REPLACE "-n ([0-9]+) -p ([0-9]+)" "\\1x\\2" suffix ${shape})
    separate_arguments(shape)
    shmwin_add_script_test(segment/several_nodes.${suffix} TIMEOUT 60
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/fake_nodes.sh ${shape} -e ${MPIEXEC_EXECUTABLE}
        -- $<TARGET_FILE:test_segment_several_nodes>
      PROPERTIES SKIP_RETURN_CODE 77 PROCESSORS 2)
  endforeach()
endif()

# Other people's libraries on our memory, where they are installed.
find_path(SHMWIN_EIGEN_INCLUDE_DIR Eigen/Core PATH_SUFFIXES eigen3 DOC "Folder of Eigen, for tests")
find_path(SHMWIN_CBLAS_INCLUDE_DIR cblas.h DOC "Folder of cblas.h, for tests")
find_library(SHMWIN_CBLAS_LIBRARY NAMES cblas blas openblas DOC "A BLAS with C's interface, for tests")
mark_as_advanced(SHMWIN_EIGEN_INCLUDE_DIR SHMWIN_CBLAS_INCLUDE_DIR SHMWIN_CBLAS_LIBRARY)
if(SHMWIN_EIGEN_INCLUDE_DIR)
  shmwin_add_test(segment/eigen RANKS 1 2 3 4 INCLUDE ${SHMWIN_EIGEN_INCLUDE_DIR})
else()
  shmwin_leave_out(segment/eigen)
endif()
if(SHMWIN_CBLAS_INCLUDE_DIR AND SHMWIN_CBLAS_LIBRARY)
  shmwin_add_test(segment/blas RANKS 1 2 3 4
    INCLUDE ${SHMWIN_CBLAS_INCLUDE_DIR} LINK ${SHMWIN_CBLAS_LIBRARY})
else()
  shmwin_leave_out(segment/blas)
endif()

find_path(SHMWIN_BOOST_CONTAINER_INCLUDE_DIR boost/container/container_fwd.hpp
  DOC "Folder of Boost.Container, for tests")
mark_as_advanced(SHMWIN_BOOST_CONTAINER_INCLUDE_DIR)
if(SHMWIN_BOOST_CONTAINER_INCLUDE_DIR)
  shmwin_add_test(segment/boost_container RANKS 1 2 3 4
    INCLUDE ${SHMWIN_BOOST_CONTAINER_INCLUDE_DIR})
else()
  shmwin_leave_out(segment/boost_container)
endif()
