# SPDX-License-Identifier: MIT
# The command `shmwin`, started as users do, without mpirun; and others who read what it wrote.
shmwin_add_test(cli/progress NO_TSAN # no build of the tool for it
  LINK fmt::fmt shmwin_hdf5 shmwin::shmwin)
if(TARGET test_cli_progress)
  target_sources(test_cli_progress PRIVATE
    ${PROJECT_SOURCE_DIR}/src/cli/progress.cpp ${PROJECT_SOURCE_DIR}/src/cli/words.cpp)
endif()
if(SHMWIN_TEST_LABEL)
  return()
endif()
add_executable(test_cli_make_checkpoints ${CMAKE_CURRENT_LIST_DIR}/make_checkpoints.cpp)
target_link_libraries(test_cli_make_checkpoints PRIVATE shmwin::shmwin shmwin_warnings)

set(cli_python ${SHMWIN_TEST_PYTHON})
if(NOT cli_python)
  set(cli_python python3)
endif()
foreach(script tool xdmf)
  shmwin_add_script_test(cli/${script} TIMEOUT 180
    COMMAND ${cli_python} ${CMAKE_CURRENT_LIST_DIR}/${script}_test.py
      $<TARGET_FILE:shmwin_tool> $<TARGET_FILE:test_cli_make_checkpoints>
    PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
