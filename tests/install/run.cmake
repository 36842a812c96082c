# SPDX-License-Identifier: MIT
# cmake -D WAY=shared|static|subdirectory ... -P run.cmake (see CMakeLists.txt)
cmake_minimum_required(VERSION 3.25)
set(apps ${CMAKE_CURRENT_LIST_DIR})
set(prefix "${WORK}/prefix of ${WAY}") # with blanks: they are found in real paths too

# Runs a command; stops the test if it fails.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE failed)
  if(failed)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "failed (${failed}): ${command}")
  endif()
endfunction()

function(configure_and_build source build)
  run(${CMAKE_COMMAND} -S ${source} -B ${build} -G ${GENERATOR} -C ${INITIAL_CACHE}
    -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS_DEBUG=-O0 -D CMAKE_INSTALL_MESSAGE=NEVER ${ARGN} --log-level=NOTICE)
  run(${CMAKE_COMMAND} --build ${build} --parallel ${N_CORES})
endfunction()

# The program says on rank 0 what it did; with other words or another exit status the test fails.
function(run_app program)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env ${ARGN}
    ${MPIEXEC} ${MPIEXEC_NUMPROC_FLAG} 2 ${program}
    RESULT_VARIABLE failed OUTPUT_VARIABLE output ECHO_OUTPUT_VARIABLE)
  if(failed OR NOT output MATCHES "2 ranks share")
    message(FATAL_ERROR "${program}: exit status ${failed}")
  endif()
endfunction()

function(run_with_find_package)
  set(build "${WORK}/find_package")
  file(REMOVE_RECURSE ${build}) # nothing of another prefix
  configure_and_build(${apps}/find_package ${build} -D CMAKE_PREFIX_PATH=${prefix}
    -D EXPECT_IO=${HAS_IO})
  foreach(app app app_c app_cpp)
    run_app(${build}/${app})
  endforeach()
endfunction()

# The printers come with the shared library, without being asked for.
function(run_with_gdb program)
  find_program(gdb gdb)
  if(NOT gdb)
    message(STATUS "no gdb: its printers are not tested")
    return()
  endif()
  set(folder "${prefix}/share/gdb/auto-load")
  execute_process(
    COMMAND ${gdb} -nx -batch -iex "add-auto-load-safe-path ${folder}"
      -iex "add-auto-load-scripts-directory ${folder}" -ex "set debuginfod enabled off"
      -ex "break main" -ex run -ex "info auto-load python-scripts" -ex kill ${program}
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT output MATCHES "Breakpoint 1, main")
    message(STATUS "gdb cannot run a program here: its printers are not tested")
  elseif(NOT output MATCHES "Yes +[^\n]*/libshmwin_core\\.so[^\n]*-gdb\\.py")
    message(FATAL_ERROR "gdb has not loaded the printers by itself:\n${output}")
  endif()
endfunction()

function(run_with_pkg_config)
  file(GLOB_RECURSE pc_file ${prefix}/*/shmwin.pc)
  cmake_path(GET pc_file PARENT_PATH pc_folder)
  cmake_path(GET pc_folder PARENT_PATH lib_folder)
  set(program "${WORK}/app by pkg-config")
  set(ENV{PKG_CONFIG_PATH} ${pc_folder})
  set(use_io -UAPP_USES_IO)
  if(HAS_IO)
    set(use_io -DAPP_USES_IO)
  endif()
  # eval, because pkg-config answers in the shell's language: \ before a blank
  run(sh -e -c
    [[eval "\"\$1\" -std=c++20 $4 \"\$2\" -o \"\$3\" $(pkg-config --cflags --libs shmwin)"]]
    sh ${CXX} ${apps}/app.cpp ${program} ${use_io})
  run_app(${program} LD_LIBRARY_PATH=${lib_folder}:$ENV{LD_LIBRARY_PATH})
  # By a compiler of C alone.
  run(sh -e -c
    [[eval "\"\$1\" -std=c99 \"\$2\" -o \"\$3\" $(pkg-config --cflags --libs shmwin)"]]
    sh ${CC} ${apps}/app.c ${program})
  run_app(${program} LD_LIBRARY_PATH=${lib_folder}:$ENV{LD_LIBRARY_PATH})
endfunction()

# The installed tool finds the libraries beside it; it needs no launcher.
function(run_tool)
  if(NOT HAS_TOOL)
    return()
  endif()
  run(${prefix}/bin/shmwin --version)
  execute_process(COMMAND ${prefix}/bin/shmwin ls ${WORK}
    RESULT_VARIABLE status ERROR_VARIABLE said)
  if(NOT status EQUAL 2 OR NOT said MATCHES "no checkpoint found")
    message(FATAL_ERROR "shmwin ls: exit status ${status}: ${said}")
  endif()
  if(NOT EXISTS ${prefix}/share/bash-completion/completions/shmwin)
    message(FATAL_ERROR "the tool's completion is not installed")
  endif()
endfunction()

# The Python package is whole where it is installed.
function(run_with_python)
  if(NOT HAS_PYTHON)
    return()
  endif()
  file(GLOB package "${prefix}/lib/python*/*/shmwin/__init__.py")
  cmake_path(GET package PARENT_PATH folder)
  cmake_path(GET folder PARENT_PATH path)
  run(${CMAKE_COMMAND} -E env "PYTHONPATH=${path}" ${PYTHON} -c "if True:
    import shmwin
    assert shmwin.__file__.startswith('${path}'), shmwin.__file__
    assert shmwin.as_ndarray(bytearray(b'abc')).sum() == 294")
endfunction()

if(WAY STREQUAL "subdirectory")
  configure_and_build(${apps}/subdirectory ${WORK}/build -D SHMWIN_SOURCE=${SOURCE})
  run_app(${WORK}/build/app)
else()
  set(is_shared OFF)
  set(python OFF) # built once is enough
  if(WAY STREQUAL "shared")
    set(is_shared ON)
    set(python AUTO)
  endif()
  configure_and_build(${SOURCE} ${WORK}/build -D BUILD_SHARED_LIBS=${is_shared}
    -D SHMWIN_BUILD_TESTS=OFF -D SHMWIN_BUILD_EXAMPLES=OFF -D SHMWIN_PYTHON=${python})
  file(REMOVE_RECURSE ${prefix})
  run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${prefix})
  run_with_find_package()
  run_with_pkg_config()
  run_tool()
  if(is_shared)
    run_with_gdb(${WORK}/find_package/app)
    run_with_python()
  endif()
endif()
