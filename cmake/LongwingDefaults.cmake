# Defaults that depend on who builds: a person, a parent project, or scikit-build-core making a wheel.

# scikit-build-core sets SKBUILD to a number, which option() would read as OFF: ask with if().
if(SKBUILD)
  set(LONGWING_PYTHON_DEFAULT ON)
  set(LONGWING_INSTALL_DEFAULT OFF)
else()
  set(LONGWING_PYTHON_DEFAULT OFF)
  set(LONGWING_INSTALL_DEFAULT ${PROJECT_IS_TOP_LEVEL})
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Type of the build" FORCE)
endif()
