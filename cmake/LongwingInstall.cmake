# Installs the library, its headers and the package that find_package(longwing CONFIG) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Before 1.0 a minor version may change the binary interface, so it is part of the soname.
set_target_properties(longwing PROPERTIES
  VERSION "${PROJECT_VERSION}"
  SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")

set(longwing_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/longwing")
set(longwing_installed longwing)
if(LONGWING_BUILD_CUDA)
  list(APPEND longwing_installed longwing_cuda)
endif()
install(TARGETS ${longwing_installed} EXPORT longwingTargets
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/cpp/include/longwing" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(EXPORT longwingTargets NAMESPACE longwing:: DESTINATION "${longwing_package_dir}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/longwingConfig.cmake.in" "${PROJECT_BINARY_DIR}/longwingConfig.cmake"
  INSTALL_DESTINATION "${longwing_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/longwingConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/longwingConfig.cmake" "${PROJECT_BINARY_DIR}/longwingConfigVersion.cmake"
  DESTINATION "${longwing_package_dir}")
