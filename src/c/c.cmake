# SPDX-License-Identifier: MIT
# shmwin::c, the C interface of all that is built.
shmwin_glob(sources headers c)
list(APPEND headers ${PROJECT_SOURCE_DIR}/include/shmwin.h)
shmwin_add_library(c "${sources}" "${headers}")
# Its users are of any standard and any language: what C++20 asks of them stays behind. They link
# all of it, but get no more than what the headers need.
set_property(TARGET shmwin_c PROPERTY INTERFACE_COMPILE_FEATURES "")
target_link_libraries(shmwin_c
  PUBLIC MPI::MPI_CXX
  PRIVATE shmwin_core
  INTERFACE $<LINK_ONLY:shmwin_core>)
target_compile_definitions(shmwin_c PUBLIC OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
if(SHMWIN_HAS_IO)
  target_link_libraries(shmwin_c PRIVATE shmwin_io)
  target_compile_definitions(shmwin_c PRIVATE SHMWIN_HAS_IO)
endif()
