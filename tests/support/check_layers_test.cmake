# SPDX-License-Identifier: MIT
# cmake -P check_layers_test.cmake: check_layers.cmake on small trees, each with one include that
# it must find, or allow.
cmake_minimum_required(VERSION 3.25)
set(root ${CMAKE_CURRENT_BINARY_DIR}/layers_tree)

function(expect outcome file include)
  file(REMOVE_RECURSE ${root})
  file(WRITE ${root}/include/shmwin/base/ok.hpp "#include \"shmwin/base/other.hpp\"\n")
  file(WRITE ${root}/${file} "// text\n  #  include ${include}\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${root}
    -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_layers.cmake
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE errors)
  if(failed AND outcome STREQUAL "allowed")
    message(SEND_ERROR "refused in ${file}: ${include}\n${errors}")
  elseif(outcome STREQUAL "forbidden" AND NOT errors MATCHES "1 forbidden include")
    message(SEND_ERROR "not found in ${file}: ${include}\n${errors}")
  endif()
endfunction()

expect(forbidden include/shmwin/base/a.hpp "\"shmwin/view/range.hpp\"")
expect(forbidden include/shmwin/view/a.hpp "<shmwin/sync/mutex.hpp>")
expect(forbidden include/shmwin/sync/a.hpp "\"shmwin/memory/heap.hpp\"")
expect(forbidden src/memory/a.cpp "\"mpi/error.hpp\"")
expect(forbidden src/segment/private.hpp "\"io/format.hpp\"")
expect(forbidden tests/memory/a_test.cpp "\"shmwin/mpi/window.hpp\"")
expect(forbidden src/base/a.cpp "<mpi.h>")
expect(forbidden tests/sync/a_test.cpp "<mpi.h>")
expect(forbidden src/memory/deeper/a.cpp "\"mpi.h\"")
expect(forbidden src/segment/a.cpp "<hdf5.h>")
expect(forbidden include/shmwin/io/a.hpp "<hdf5.h>")
expect(forbidden src/cli/a.cpp "<hdf5.h>")
expect(forbidden include/shmwin/segment/a.hpp "\"shmwin/shmwin.hpp\"")
expect(forbidden src/mpi/a.cpp "\"python/dtype.hpp\"")
expect(forbidden src/python/a.cpp "\"c/handles.hpp\"")
expect(allowed include/shmwin/segment/a.hpp "\"shmwin/mpi/window.hpp\"")
expect(allowed include/shmwin/memory/a.hpp "\"shmwin/memory/b.hpp\"")
expect(allowed src/mpi/a.cpp "<mpi.h>")
expect(allowed include/shmwin/segment/a.hpp "<mpi.h>")
expect(allowed src/io/a.cpp "<hdf5.h>")
expect(allowed tests/io/a_test.cpp "<hdf5.h>")
expect(allowed src/memory/a.cpp "<sys/mman.h>")
expect(allowed src/python/a.cpp "\"shmwin/segment/segment.hpp\"")
expect(allowed tests/segment/a_test.cpp "\"shmwin/shmwin.hpp\"")
expect(allowed tests/support/a.cpp "<mpi.h>")

file(REMOVE_RECURSE ${root})
execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${root}
  -P ${CMAKE_CURRENT_LIST_DIR}/check_layers.cmake
  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
if(NOT failed)
  message(SEND_ERROR "an empty tree passes")
endif()
