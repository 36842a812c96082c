# SPDX-License-Identifier: MIT
# Tests of view/ that are built or run in other ways than the rest of the folder.

# They run as constant expressions, too, where undefined behaviour does not compile.
foreach(subject extents layouts layout_stride mdspan)
  shmwin_add_test(view/standard_${subject} NO_ASAN NO_TSAN)
endforeach()
# Under AddressSanitizer these two take minutes to compile: submdspan, submdspan_extents and
# layout_padded_rules, which go the same ways, are run there.
foreach(subject layout_padded submdspan_mapping)
  shmwin_add_test(view/${subject} NO_ASAN NO_TSAN)
endforeach()
# In C++23 mdspan has operator[] of several indices; the rest of it is the test above once more.
if(SHMWIN_TEST_MORE)
  shmwin_add_test(view/standard_cxx23 NO_ASAN NO_TSAN)
else()
  shmwin_leave_out(view/standard_cxx23)
endif()
if(TARGET test_view_standard_cxx23)
  target_compile_features(test_view_standard_cxx23 PRIVATE cxx_std_23)
  set_target_properties(test_view_standard_cxx23 PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
  # clang-tidy 14 dies of it in C++23; the same tests are looked at in C++20.
  set_target_properties(test_view_standard_cxx23 PROPERTIES CXX_CLANG_TIDY "")
endif()

# The same tests against the standard library's own mdspan, and what converts between it and ours.
shmwin_add_script_test(view/std_mdspan TIMEOUT 300
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/std_mdspan.sh ${PROJECT_SOURCE_DIR}
  PROPERTIES SKIP_RETURN_CODE 77 PROCESSORS 2)

# What must not compile, and the sentence that says why.
shmwin_add_script_test(view/wrong_use TIMEOUT 120
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/wrong_use.sh ${CMAKE_CURRENT_SOURCE_DIR}/view/wrong_use
    ${CMAKE_CXX_COMPILER} -std=c++20 -I${PROJECT_SOURCE_DIR}/include)
