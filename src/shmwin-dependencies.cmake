# SPDX-License-Identifier: MIT
# Which MPI this is, and an HDF5 that fits it. Used by the build and, installed, by
# find_package(shmwin): there, too, a second MPI in one process would be a silent disaster.

# Sets `out` to openmpi, mpich (and its descendants: Intel MPI, MVAPICH, Cray) or other.
function(shmwin_mpi_flavour out)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_CXX)
  set(CMAKE_REQUIRED_QUIET ON)
  set(${out} other PARENT_SCOPE)
  # The answers are cached by MPI, so that another MPI in the same build folder is asked anew.
  string(MD5 which "${MPI_CXX_INCLUDE_DIRS};${MPI_CXX_LIBRARIES};${MPI_CXX_COMPILER}")
  foreach(candidate "openmpi:OPEN_MPI" "mpich:MPICH_VERSION")
    string(REGEX MATCH "^(.*):(.*)$" matched ${candidate})
    set(flavour ${CMAKE_MATCH_1})
    check_cxx_source_compiles("
      #include <mpi.h>
      #ifndef ${CMAKE_MATCH_2}
      #error another flavour
      #endif
      int main() { return 0; }" SHMWIN_MPI_IS_${flavour}_${which})
    if(SHMWIN_MPI_IS_${flavour}_${which})
      set(${out} ${flavour} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Sets `out` to the MPI that an HDF5 library calls: none (a serial build), openmpi or mpich.
# Read from the symbols that it names, the only trace that shared and static builds share: Open
# MPI's handles are addresses (ompi_mpi_info_null), MPICH's are plain numbers.
function(shmwin_hdf5_flavour libraries out)
  set(${out} none PARENT_SCOPE)
  foreach(library IN LISTS libraries)
    if(TARGET ${library})
      get_target_property(library ${library} LOCATION)
    endif()
    get_filename_component(name "${library}" NAME)
    if(NOT EXISTS "${library}" OR NOT name MATCHES "hdf5")
      continue()
    endif()
    file(STRINGS "${library}" calls_mpi REGEX "^MPI_Comm_[a-z]+$" LIMIT_COUNT 1)
    file(STRINGS "${library}" calls_ompi REGEX "^ompi_mpi_[a-z_]+$" LIMIT_COUNT 1)
    if(calls_ompi)
      set(${out} openmpi PARENT_SCOPE)
    elseif(calls_mpi)
      set(${out} mpich PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Sets in the caller: hdf5_includes, hdf5_libraries of one candidate; empty if it is not there.
# `module` is a pkg-config module (Debian has one for each flavour), or FindHDF5.
macro(shmwin_hdf5_candidate module)
  set(hdf5_includes "")
  set(hdf5_libraries "")
  if("${module}" STREQUAL "FindHDF5")
    if(CMAKE_C_COMPILER_LOADED) # it compiles C
      set(HDF5_PREFER_PARALLEL ON)
      find_package(HDF5 QUIET COMPONENTS C)
    endif()
    if(HDF5_FOUND)
      set(hdf5_includes ${HDF5_C_INCLUDE_DIRS} ${HDF5_INCLUDE_DIRS})
      set(hdf5_libraries ${HDF5_C_LIBRARIES})
      list(REMOVE_DUPLICATES hdf5_includes)
    endif()
  elseif(PKG_CONFIG_FOUND)
    string(MAKE_C_IDENTIFIER "SHMWIN_PC_${module}" prefix)
    pkg_check_modules(${prefix} QUIET ${module})
    if(${prefix}_FOUND)
      set(hdf5_includes ${${prefix}_INCLUDE_DIRS})
      set(hdf5_libraries ${${prefix}_LINK_LIBRARIES})
    endif()
  endif()
endmacro()

# Sets `out` to what is wrong with an HDF5 for this MPI; empty if nothing is.
function(shmwin_hdf5_refusal includes libraries flavour out)
  set(${out} "" PARENT_SCOPE)
  shmwin_hdf5_flavour("${libraries}" of_hdf5)
  if(NOT of_hdf5 STREQUAL "none" AND NOT of_hdf5 STREQUAL flavour AND NOT flavour STREQUAL "other")
    set(${out} "built for the MPI '${of_hdf5}'" PARENT_SCOPE)
    return()
  endif()
  find_file(header H5public.h PATHS ${includes} NO_DEFAULT_PATH NO_CACHE)
  if(header)
    file(STRINGS ${header} version REGEX "# *define +H5_VERS_INFO ")
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")
    if(version AND version VERSION_LESS 1.10.5)
      set(${out} "version ${version}, older than 1.10.5" PARENT_SCOPE)
    endif()
  endif()
endfunction()

# Makes the target shmwin_hdf5: an HDF5 C library for the MPI of this flavour, parallel if there
# is one, else serial. Sets `trouble` to a sentence if there is no HDF5 at all. Stops if there are
# only builds for another MPI: two MPIs in one program crash, or worse, nearly work.
# HDF5_ROOT (variable or environment) chooses an installation; then no other is looked at.
function(shmwin_find_hdf5 flavour trouble)
  set(${trouble} "" PARENT_SCOPE)
  if(TARGET shmwin_hdf5)
    return()
  endif()
  if(HDF5_ROOT OR DEFINED ENV{HDF5_ROOT} OR HDF5_DIR)
    set(modules FindHDF5)
  else()
    find_package(PkgConfig QUIET)
    set(modules hdf5-${flavour} hdf5-mpi hdf5-serial hdf5 FindHDF5)
  endif()
  set(refused "")
  foreach(module IN LISTS modules)
    shmwin_hdf5_candidate(${module})
    if(NOT hdf5_libraries)
      continue()
    endif()
    shmwin_hdf5_refusal("${hdf5_includes}" "${hdf5_libraries}" ${flavour} refusal)
    if(NOT refusal)
      message(STATUS "shmwin: HDF5 found by ${module}: ${hdf5_libraries}")
      add_library(shmwin_hdf5 INTERFACE IMPORTED GLOBAL)
      target_include_directories(shmwin_hdf5 INTERFACE ${hdf5_includes})
      target_link_libraries(shmwin_hdf5 INTERFACE ${hdf5_libraries})
      return()
    endif()
    string(APPEND refused "  ${refusal}: ${hdf5_libraries} (found by ${module})\n")
  endforeach()
  if(refused)
    message(FATAL_ERROR "shmwin: this HDF5 does not fit.\n"
      "  the MPI of this build is '${flavour}': ${MPI_CXX_LIBRARIES}\n${refused}"
      "Install an HDF5 for it (Debian: libhdf5-${flavour}-dev, or the serial libhdf5-dev), "
      "choose one with -DHDF5_ROOT=<folder>, or build without files: -DSHMWIN_IO=OFF.")
  endif()
  set(missing "HDF5 not found (Debian: libhdf5-${flavour}-dev; or set HDF5_ROOT to its folder")
  if(NOT CMAKE_C_COMPILER_LOADED)
    string(APPEND missing "; FindHDF5 needs the language C in project()")
  endif()
  set(${trouble} "${missing})" PARENT_SCOPE)
endfunction()
