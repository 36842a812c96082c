# SPDX-License-Identifier: MIT
# Descriptions that must not compile, and what the compiler says; 0 must compile.
set(descriptions_refused
  "a member is a pointer or a reference"
  "the type is not of standard layout"
  "the type is not trivially copyable"
  "a member's type has no row in the table"
  "members must be listed in the order of the structure"
  "a member is missing"
  "only 2 names"
  "the type is not of standard layout"
  "two enumerators have one value"
  "the type is no enumeration"
  "an element needs a row")
set(refused 0)
shmwin_add_script_test(base/refused_descriptions.0 TIMEOUT 60
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -DREFUSED=0
    -I${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/base/refused_descriptions.cpp)
foreach(sentence IN LISTS descriptions_refused)
  math(EXPR refused "${refused} + 1")
  shmwin_add_script_test(base/refused_descriptions.${refused} TIMEOUT 60 EXPECT "${sentence}"
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -DREFUSED=${refused}
      -I${PROJECT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/base/refused_descriptions.cpp)
endforeach()
