# Compile options of every target of this tree; a parent project's own targets are not touched.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # a static longwing goes into shared objects: the Python module is one

# Contraction to FMA is written out where it is meant, so that results do not depend on what a compiler fuses.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off;-Wall;-Wextra>")
if(LONGWING_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Werror>")
endif()

if(LONGWING_SANITIZE)
  set(longwing_sanitizers "address" "undefined" "address,undefined" "thread")
  if(NOT LONGWING_SANITIZE IN_LIST longwing_sanitizers)
    message(FATAL_ERROR "LONGWING_SANITIZE=${LONGWING_SANITIZE} is not supported: use one of ${longwing_sanitizers}")
  endif()
  add_compile_options("-fsanitize=${LONGWING_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
  add_link_options("-fsanitize=${LONGWING_SANITIZE}")
endif()
