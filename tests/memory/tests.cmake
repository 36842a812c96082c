# SPDX-License-Identifier: MIT
# They step through thousands of instructions, ten times as many under AddressSanitizer; slabs_test
# and directory_claims*_test go the same ways there.
shmwin_add_test(memory/slabs_kill NO_ASAN)
shmwin_add_test(memory/slabs_adoption NO_ASAN)
shmwin_add_test(memory/directory_claims_kill NO_ASAN)
shmwin_add_test(memory/task_queue_kill NO_ASAN)

# What must not compile; 0 must.
foreach(refused RANGE 7)
  set(properties "")
  if(refused)
    set(properties EXPECT "cannot stand in a segment|holds addresses")
  endif()
  shmwin_add_script_test(memory/refused_containers.${refused} TIMEOUT 60 ${properties}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -DREFUSED=${refused}
      -I${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/memory/refused_containers.cpp)
endforeach()

# The model's driver, over what the fuzzer found worth keeping.
shmwin_add_test(memory/heap_model)
if(TARGET test_memory_heap_model)
  target_compile_definitions(test_memory_heap_model PRIVATE
    HEAP_MODEL_CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/memory/fuzz_corpus")
endif()
