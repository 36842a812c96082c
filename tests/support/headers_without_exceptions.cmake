# SPDX-License-Identifier: MIT
# ctest `headers_without_exceptions`: codes that are compiled without exceptions can include every
# public header. One translation unit for all; that each stands alone is what
# all_verify_interface_header_sets checks.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/*.hpp ${PROJECT_SOURCE_DIR}/include/*.h)
list(TRANSFORM headers PREPEND "#include \"")
list(TRANSFORM headers APPEND "\"\n")
string(JOIN "" content ${headers})
set(all_headers ${CMAKE_CURRENT_BINARY_DIR}/all_headers.cpp)
file(CONFIGURE OUTPUT ${all_headers} CONTENT "${content}" @ONLY)

# The flags are those that a user of core gets: the properties of a library that links it.
add_library(shmwin_header_user OBJECT EXCLUDE_FROM_ALL ${all_headers})
target_link_libraries(shmwin_header_user PRIVATE shmwin::core)
set(property TARGET_PROPERTY:shmwin_header_user)
shmwin_add_script_test(headers_without_exceptions TIMEOUT 300
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fno-exceptions -fsyntax-only
    "-D$<JOIN:$<${property},COMPILE_DEFINITIONS>,;-D>"
    "-I$<JOIN:$<${property},INCLUDE_DIRECTORIES>,;-I>"
    ${all_headers}
  PROPERTIES LABELS "serial;headers")
