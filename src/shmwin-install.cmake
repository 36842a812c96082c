# SPDX-License-Identifier: MIT
# What `cmake --install` puts into the prefix: libraries, headers, find_package() and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/shmwin)

if(SHMWIN_FAIL_POINTS)
  install(CODE "message(FATAL_ERROR
    \"shmwin: this build has fail points, for tests; install one with SHMWIN_FAIL_POINTS=OFF\")")
endif()

# One export for each component: who asks for core alone needs no HDF5.
set(components core)
if(SHMWIN_HAS_IO)
  list(APPEND components io)
endif()
list(APPEND components c)
foreach(component IN LISTS components)
  install(TARGETS shmwin_${component} EXPORT shmwin-${component}-targets FILE_SET HEADERS)
  install(EXPORT shmwin-${component}-targets NAMESPACE shmwin:: DESTINATION ${package_dir})
endforeach()

get_target_property(library_type shmwin_core TYPE)
if(SHMWIN_HAS_IO AND library_type STREQUAL "STATIC_LIBRARY")
  set(SHMWIN_LINKS_HDF5 ON) # the shared library brings its own
else()
  set(SHMWIN_LINKS_HDF5 OFF)
endif()
configure_package_config_file(
  ${CMAKE_CURRENT_SOURCE_DIR}/shmwin-config.cmake.in shmwin-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(shmwin-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/shmwin-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/shmwin-config-version.cmake
    ${CMAKE_CURRENT_SOURCE_DIR}/shmwin-dependencies.cmake
  DESTINATION ${package_dir})

# --- the tool ------------------------------------------------------------------------------------
if(SHMWIN_HAS_TOOL)
  install(TARGETS shmwin_tool)
  install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/cli/shmwin.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME shmwin)
endif()

# --- gdb ------------------------------------------------------------------------------------------
# By hand (source), or as gdb looks for them: by the library's whole name, from the root on. With a
# prefix that is not gdb's own: add-auto-load-scripts-directory PREFIX/share/gdb/auto-load.
set(gdb_script ${CMAKE_CURRENT_SOURCE_DIR}/gdb/shmwin-gdb.py)
install(FILES ${gdb_script} DESTINATION ${CMAKE_INSTALL_DATADIR}/shmwin)
if(library_type STREQUAL "SHARED_LIBRARY")
  install(CODE "
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX NORMALIZE OUTPUT_VARIABLE prefix)
    cmake_path(APPEND prefix \"${CMAKE_INSTALL_LIBDIR}\" OUTPUT_VARIABLE libraries)
    cmake_path(APPEND prefix \"${CMAKE_INSTALL_DATADIR}\" OUTPUT_VARIABLE data)
    file(INSTALL DESTINATION \"\${data}/gdb/auto-load\${libraries}\" TYPE FILE
      FILES \"${gdb_script}\"
      RENAME \"libshmwin_core.so.${PROJECT_VERSION}-gdb.py\")")
endif()

# --- pkg-config ----------------------------------------------------------------------------------
# MPI is written out: its modules have other names everywhere, and the library fits this one only.
set(pc_cflags "")
foreach(folder IN LISTS MPI_CXX_INCLUDE_DIRS)
  string(REPLACE " " "\\ " folder "${folder}")
  string(APPEND pc_cflags " -I${folder}")
endforeach()
set(pc_libs " -lshmwin_c")
if(SHMWIN_HAS_IO)
  string(APPEND pc_libs " -lshmwin_io")
endif()
string(APPEND pc_libs " -lshmwin_core")
set(pc_needs ${MPI_CXX_LIBRARIES})
if(SHMWIN_LINKS_HDF5)
  get_target_property(hdf5_libraries shmwin_hdf5 INTERFACE_LINK_LIBRARIES)
  list(PREPEND pc_needs ${hdf5_libraries} ${ZLIB_LIBRARIES})
  list(REMOVE_DUPLICATES pc_needs)
endif()
if(library_type STREQUAL "STATIC_LIBRARY") # a C compiler links them too
  list(APPEND pc_needs ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
  list(FILTER pc_needs EXCLUDE REGEX "^(gcc|gcc_s|c|.*\\.o)$")
  list(REMOVE_DUPLICATES pc_needs)
endif()
foreach(library IN LISTS pc_needs)
  if(library MATCHES "^[-/]")
    string(REPLACE " " "\\ " library "${library}")
    string(APPEND pc_libs " ${library}")
  else()
    string(APPEND pc_libs " -l${library}")
  endif()
endforeach()
# The prefix follows the file, so that an installed tree can be moved.
cmake_path(SET pc_dir "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH pc_dir BASE_DIRECTORY "/" OUTPUT_VARIABLE pc_dir)
string(REGEX REPLACE "[^/]+" ".." pc_up "${pc_dir}")
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/shmwin.pc.in shmwin.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shmwin.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
