# SPDX-License-Identifier: MIT
# gdb's view of a program: the printers, and shmwin_dump() called from it.
find_program(SHMWIN_TEST_GDB gdb)
if(NOT SHMWIN_TEST_LABEL)
  add_executable(gdb_program gdb/program.cpp)
  # As users debug: variables that are optimised away cannot be printed.
  target_compile_options(gdb_program PRIVATE -g -O0)
  target_link_libraries(gdb_program PRIVATE shmwin::core shmwin_warnings)
  shmwin_add_script_test(gdb/printers TIMEOUT 120
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/gdb/printers.sh ${SHMWIN_TEST_GDB} ${MPIEXEC_EXECUTABLE}
      $<TARGET_FILE:gdb_program> ${PROJECT_SOURCE_DIR}/src/gdb/shmwin-gdb.py
    PROPERTIES SKIP_RETURN_CODE 77)
endif()
