# SPDX-License-Identifier: MIT
# Tests of sync/ that are no C++.

# Every interleaving of the models, where spin is installed (else skipped).
file(GLOB models CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/sync/models/*.pml)
foreach(model IN LISTS models)
  get_filename_component(name ${model} NAME_WE)
  shmwin_add_script_test(sync/model.${name} TIMEOUT 600
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/model.sh ${model}
    PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
