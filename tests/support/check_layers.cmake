# SPDX-License-Identifier: MIT
# cmake -D ROOT=<repository> -P check_layers.cmake
# A folder is a layer, the same in include/shmwin/, src/ and tests/. Fails if a file of a layer
# includes
#   - a header of a layer above its own, or an umbrella header,
#   - MPI's headers below mpi/, HDF5's outside src/io/ (and the tests of io).
cmake_minimum_required(VERSION 3.25)
# Lowest first. The doors, which make the library callable from elsewhere, see all layers and not
# one another.
set(layers base view sync memory mpi segment cluster io)
set(doors c python cli fortran)
set(n_forbidden 0)

# Sets `why` to what forbids `line` in `file`, which belongs to `layer`; empty if it is allowed.
function(judge why file layer line)
  set(${why} "" PARENT_SCOPE)
  list(FIND layers "${layer}" height)
  if(layer IN_LIST doors)
    set(height 1000)
  endif()
  if(line MATCHES "[\"<](mpi|mpi[-_][a-z_]+)\\.h[\">]")
    list(FIND layers mpi lowest)
    if(height LESS lowest)
      set(${why} "MPI is known from mpi/ on" PARENT_SCOPE)
    endif()
  elseif(line MATCHES "[\"<](hdf5|hdf5_hl|H5[A-Za-z]+)\\.h[\">]")
    if(NOT file MATCHES "^(src|tests)/io/")
      set(${why} "HDF5 is known in src/io/ only" PARENT_SCOPE)
    endif()
  elseif(line MATCHES "[\"<](shmwin/shmwin\\.hpp|shmwin\\.h)[\">]")
    if(height LESS 1000 AND NOT file MATCHES "^tests/")
      set(${why} "an umbrella header belongs to users" PARENT_SCOPE)
    endif()
  elseif(line MATCHES "[\"<](shmwin/)?([a-z]+)/")
    set(other ${CMAKE_MATCH_2})
    list(FIND layers "${other}" other_height)
    if(other IN_LIST doors AND NOT other STREQUAL layer)
      set(${why} "'${other}' is a door: it stands above all layers" PARENT_SCOPE)
    elseif(other_height GREATER height)
      set(${why} "'${other}' stands above '${layer}'" PARENT_SCOPE)
    endif()
  endif()
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT}
  ${ROOT}/include/shmwin/*/*.h* ${ROOT}/src/*/*.cpp ${ROOT}/src/*/*.h*
  ${ROOT}/tests/*/*.cpp ${ROOT}/tests/*/*.h*)
set(n_files 0)
foreach(file IN LISTS files)
  string(REGEX REPLACE "^(include/shmwin|src|tests)/([^/]+)/.*$" "\\2" layer "${file}")
  if(NOT layer IN_LIST layers AND NOT layer IN_LIST doors)
    continue() # support, benchmarks, install
  endif()
  math(EXPR n_files "${n_files} + 1")
  file(STRINGS "${ROOT}/${file}" includes REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS includes)
    judge(why "${file}" "${layer}" "${line}")
    if(why)
      message(SEND_ERROR "${file}: ${line}: ${why}")
      math(EXPR n_forbidden "${n_forbidden} + 1")
    endif()
  endforeach()
endforeach()
if(n_forbidden)
  message(FATAL_ERROR "${n_forbidden} forbidden include(s)")
endif()
if(n_files EQUAL 0)
  message(FATAL_ERROR "no file of any layer under ${ROOT}")
endif()
message(STATUS "layers: ${n_files} files, no forbidden include")
