# SPDX-License-Identifier: MIT
# ctests `segment/refused.*`: what cannot stand in a segment does not compile, and the compiler says
# why in a sentence. Each file of segment/refused names a part of it in its line "// Says: ...";
# those without such a line must compile. Needs shmwin_header_user (headers_without_exceptions.cmake).
file(GLOB snippets CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/segment/refused/*.cpp)
set(property TARGET_PROPERTY:shmwin_header_user)
foreach(snippet IN LISTS snippets)
  get_filename_component(name ${snippet} NAME_WE)
  file(STRINGS ${snippet} says REGEX "^// Says: " LIMIT_COUNT 1)
  set(expect "")
  if(says)
    string(REPLACE "// Says: " "" says "${says}")
    set(expect EXPECT "error:[^\n]*static assertion[^\n]*${says}|static_assert[^\n]*failed[^\n]*${says}")
  endif()
  shmwin_add_script_test(segment/refused.${name} TIMEOUT 120 ${expect}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only
      "-D$<JOIN:$<${property},COMPILE_DEFINITIONS>,;-D>"
      "-I$<JOIN:$<${property},INCLUDE_DIRECTORIES>,;-I>"
      ${snippet})
endforeach()
