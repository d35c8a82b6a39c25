# Sets LONGWING_BUILD_CUDA from LONGWING_CUDA and from what this tree and this machine have, and the architectures to build for.
#
# ON builds for every architecture that the kernels support, which takes minutes: for a package that others install. AUTO builds where
# there are a CUDA compiler and a device, for that device alone. CMAKE_CUDA_ARCHITECTURES, where it is set, goes before both.
set(longwing_cuda_values "AUTO" "ON" "OFF")
if(NOT LONGWING_CUDA IN_LIST longwing_cuda_values)
  message(FATAL_ERROR "LONGWING_CUDA=${LONGWING_CUDA} is not supported: use one of ${longwing_cuda_values}")
endif()

set(LONGWING_BUILD_CUDA OFF)
set(longwing_cuda_missing "")
if(NOT LONGWING_CUDA STREQUAL "OFF")
  if(LONGWING_CUDA STREQUAL "AUTO" AND NOT CMAKE_CUDA_ARCHITECTURES AND NOT EXISTS "/proc/driver/nvidia/version")
    set(longwing_cuda_missing "this machine has no NVIDIA driver (LONGWING_CUDA=ON builds the CUDA engine for other machines)")
  else()
    include(CheckLanguage)
    check_language(CUDA)  # looks on PATH and in CUDACXX only
    if(NOT CMAKE_CUDA_COMPILER)
      set(longwing_cuda_missing "no CUDA compiler: put nvcc on PATH or name it in CUDACXX")
    endif()
  endif()

  if(NOT longwing_cuda_missing)
    set(LONGWING_BUILD_CUDA ON)
    # Before the language is enabled, which would choose one architecture of its own. Code for each generation, and PTX that later ones
    # and those between can be made from when a kernel is first loaded.
    if(NOT CMAKE_CUDA_ARCHITECTURES AND LONGWING_CUDA STREQUAL "AUTO" AND CMAKE_VERSION VERSION_GREATER_EQUAL 3.24)
      set(CMAKE_CUDA_ARCHITECTURES native)
    elseif(NOT CMAKE_CUDA_ARCHITECTURES)
      execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --version OUTPUT_VARIABLE longwing_nvcc)
      string(REGEX MATCH "release ([0-9.]+)" longwing_nvcc "${longwing_nvcc}")
      set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 89-real 90)
      if(CMAKE_MATCH_1 VERSION_GREATER_EQUAL 12.8)
        list(APPEND CMAKE_CUDA_ARCHITECTURES 100-real 120-real)
      endif()
    endif()
    enable_language(CUDA)
  elseif(LONGWING_CUDA STREQUAL "ON")
    message(FATAL_ERROR "LONGWING_CUDA=ON, but ${longwing_cuda_missing}")
  else()
    message(STATUS "longwing: building the CPU library only: ${longwing_cuda_missing}")
  endif()
endif()
