# Warnings are errors in our own code; headers of packages are system headers.
set(SCALEGRAPH_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                        -Werror)
# null: CAF 0.17's init_fun_factory.hpp binds a reference to nothing at each function-based spawn.
# maybe-uninitialized: g++ 12 sees ghosts in Catch2 once the sanitizers instrument it.
set(SCALEGRAPH_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize=null
                              -fno-omit-frame-pointer -fno-sanitize-recover=undefined
                              -Wno-error=maybe-uninitialized)
set(SCALEGRAPH_FUZZ_FLAGS -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
                          -fno-sanitize-recover=undefined)

# scalegraph_target(NAME): the settings that every target of ours has.
function(scalegraph_target name)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_compile_options(${name} PRIVATE ${SCALEGRAPH_WARNINGS})
  if(SCALEGRAPH_SANITIZE)
    target_compile_options(${name} PRIVATE ${SCALEGRAPH_SANITIZE_FLAGS})
    target_link_options(${name} PUBLIC ${SCALEGRAPH_SANITIZE_FLAGS})
  endif()
  if(SCALEGRAPH_FUZZ)
    target_compile_options(${name} PRIVATE ${SCALEGRAPH_FUZZ_FLAGS})
    target_link_options(${name} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

# scalegraph_with_faults(NAME): the library once more, with the points and defects of
# faults/fault_injection.hpp in it. It links the libraries of that kind, and so must who links it:
# one program has one kind only.
function(scalegraph_with_faults name)
  get_target_property(sources ${name} SOURCES)
  get_target_property(libraries ${name} LINK_LIBRARIES)
  if(NOT libraries)
    set(libraries "")
  endif()
  foreach(layer faults ledger persistence proto actors)
    list(TRANSFORM libraries REPLACE "^${layer}$" "${layer}_with_faults")
  endforeach()
  add_library(${name}_with_faults STATIC EXCLUDE_FROM_ALL ${sources})
  scalegraph_target(${name}_with_faults)
  target_compile_definitions(${name}_with_faults PUBLIC SCALEGRAPH_FAULT_INJECTION)
  target_link_libraries(${name}_with_faults PUBLIC ${libraries})
  get_target_property(precompiled ${name} PRECOMPILE_HEADERS)
  if(precompiled)
    target_precompile_headers(${name}_with_faults PRIVATE ${precompiled})
  endif()
endfunction()

# scalegraph_test(NAME SOURCES... LIBRARIES...): one test binary per layer, run by ctest as NAME.
# rapidcheck and Catch2 2 are in every one of them; precompiled, since two cores wait for them.
function(scalegraph_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;PRECOMPILE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp)
  scalegraph_target(${name})
  target_link_libraries(${name} PRIVATE Catch2::Catch2 rapidcheck ${ARG_LIBRARIES})
  target_precompile_headers(${name} PRIVATE <catch2/catch.hpp> ${ARG_PRECOMPILE})
  set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp
                              PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  add_test(NAME ${name} COMMAND ${name})
  # With sanitizers the simulation takes ten times as long.
  set_tests_properties(${name} PROPERTIES TIMEOUT $<IF:$<BOOL:${SCALEGRAPH_SANITIZE}>,1800,600>)
endfunction()
