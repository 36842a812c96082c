# SPDX-License-Identifier: MIT
# The Python package `shmwin`. Sets SHMWIN_HAS_PYTHON. Needs component io, pybind11 and NumPy; linked
# statically, so that the module needs nothing of ours beside it. The build tree has the package
# in <build>/python: PYTHONPATH=<build>/python is enough.
set(SHMWIN_HAS_PYTHON OFF)
set(python_dir ${CMAKE_CURRENT_SOURCE_DIR}/python)

# A Python that has NumPy, not just the first one.
function(shmwin_find_python)
  if(SHMWIN_PYTHON_EXECUTABLE)
    return()
  endif()
  foreach(candidate python3 /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import numpy, sys; print(sys.executable)"
      OUTPUT_VARIABLE python OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
      set(SHMWIN_PYTHON_EXECUTABLE ${python} CACHE FILEPATH "The Python that the module is for")
      return()
    endif()
  endforeach()
endfunction()

if(NOT SHMWIN_PYTHON)
  message(STATUS "shmwin: the Python module is switched off (SHMWIN_PYTHON=${SHMWIN_PYTHON})")
  return()
endif()
set(python_trouble "")
shmwin_find_python()
if(NOT SHMWIN_HAS_IO)
  set(python_trouble "component io is not part of this build")
elseif(NOT SHMWIN_PYTHON_EXECUTABLE)
  set(python_trouble "no Python with NumPy found (Debian: python3-numpy; or set SHMWIN_PYTHON_EXECUTABLE)")
else()
  set(Python_EXECUTABLE ${SHMWIN_PYTHON_EXECUTABLE})
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module NumPy)
  if(NOT TARGET Python::Module OR NOT TARGET Python::NumPy)
    set(python_trouble "headers of Python or NumPy not found (Debian: python3-dev python3-numpy)")
  else()
    find_package(pybind11 2.10 QUIET CONFIG)
    if(NOT pybind11_FOUND)
      set(python_trouble "pybind11 not found (Debian: pybind11-dev; or set pybind11_DIR)")
    endif()
  endif()
endif()
if(NOT python_trouble)
  set(SHMWIN_HAS_PYTHON ON)
elseif(SHMWIN_PYTHON STREQUAL "AUTO")
  message(STATUS "shmwin: the Python module is left out: ${python_trouble}")
else()
  message(FATAL_ERROR "shmwin: the Python module cannot be built: ${python_trouble}")
endif()
set(SHMWIN_HAS_PYTHON ${SHMWIN_HAS_PYTHON} CACHE INTERNAL "the Python module is part of this build")
if(NOT SHMWIN_HAS_PYTHON)
  return()
endif()

# --- the module ----------------------------------------------------------------------------------
file(GLOB sources CONFIGURE_DEPENDS ${python_dir}/*.cpp)
set(package ${PROJECT_BINARY_DIR}/python/shmwin)
pybind11_add_module(shmwin_python MODULE NO_EXTRAS ${sources})
foreach(component io core)
  get_target_property(type shmwin_${component} TYPE)
  if(type STREQUAL "SHARED_LIBRARY") # what is called there is hidden: the module takes the objects
    get_target_property(needs shmwin_${component} LINK_LIBRARIES)
    list(REMOVE_ITEM needs shmwin_core)
    target_link_libraries(shmwin_python PRIVATE $<TARGET_OBJECTS:shmwin_${component}> ${needs})
    target_include_directories(shmwin_python PRIVATE ${PROJECT_SOURCE_DIR}/include)
    target_compile_definitions(shmwin_python PRIVATE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  else()
    target_link_libraries(shmwin_python PRIVATE shmwin_${component})
  endif()
endforeach()
target_link_libraries(shmwin_python PRIVATE Python::NumPy shmwin_warnings)
target_include_directories(shmwin_python PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_features(shmwin_python PRIVATE cxx_std_20)
# What nearly all of its sources include: half of their time.
target_precompile_headers(shmwin_python PRIVATE
  <pybind11/numpy.h> <pybind11/stl.h> "${PROJECT_SOURCE_DIR}/include/shmwin/segment/segment.hpp")
target_compile_definitions(shmwin_python PRIVATE SHMWIN_VERSION="${PROJECT_VERSION}")
set_target_properties(shmwin_python PROPERTIES
  OUTPUT_NAME _core
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  CXX_CLANG_TIDY "" # its macros are pybind11's
  LIBRARY_OUTPUT_DIRECTORY ${package})

# The rest of the package beside it: links, so that what is edited is what is imported.
file(GLOB python_files CONFIGURE_DEPENDS
  ${python_dir}/shmwin/*.py ${python_dir}/shmwin/*.pyi ${python_dir}/shmwin/py.typed)
file(MAKE_DIRECTORY ${package})
foreach(file IN LISTS python_files)
  cmake_path(GET file FILENAME name)
  file(CREATE_LINK ${file} ${package}/${name} COPY_ON_ERROR SYMBOLIC)
endforeach()

# --- installed -----------------------------------------------------------------------------------
if(NOT SHMWIN_PYTHON_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -c "if True:
    import sys, sysconfig
    name = sysconfig.get_path('purelib').rsplit('/', 1)[-1] # Debian: dist-packages
    print('lib/python%d.%d/%s' % (*sys.version_info[:2], name))"
    OUTPUT_VARIABLE python_install_dir OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(SHMWIN_PYTHON_DIR ${python_install_dir} CACHE STRING
    "Where cmake --install puts the Python package, under the prefix")
endif()
install(TARGETS shmwin_python COMPONENT python
  LIBRARY DESTINATION ${SHMWIN_PYTHON_DIR}/shmwin)
install(FILES ${python_files} COMPONENT python DESTINATION ${SHMWIN_PYTHON_DIR}/shmwin)
