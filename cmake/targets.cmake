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

# scalegraph_with_faults(NAME SOURCES...): the library once more, with the points and defects of
# faults/fault_injection.hpp in it. Only SOURCES include that header and are compiled twice; all
# others are compiled once, for both, and a file among them that includes it does not compile. The
# library links those of its kind, and so must who links it: one program has one kind only.
function(scalegraph_with_faults name)
  set(faulty ${ARGN})
  get_target_property(sources ${name} SOURCES)
  get_target_property(precompiled ${name} PRECOMPILE_HEADERS)
  get_target_property(libraries ${name} LINK_LIBRARIES)
  if(NOT libraries)
    set(libraries "")
  endif()
  set(common ${sources})
  if(faulty)
    list(REMOVE_ITEM common ${faulty})
  endif()
  set(objects "")
  if(common)
    add_library(${name}_common OBJECT ${common})
    scalegraph_target(${name}_common)
    target_compile_definitions(${name}_common PRIVATE SCALEGRAPH_WITHOUT_FAULTS)
    target_link_libraries(${name}_common PUBLIC ${libraries})
    if(precompiled)
      target_precompile_headers(${name}_common PRIVATE ${precompiled})
    endif()
    set(objects $<TARGET_OBJECTS:${name}_common>)
  endif()
  set_target_properties(${name} PROPERTIES SOURCES "${faulty};${objects}" LINKER_LANGUAGE CXX)

  foreach(layer faults ledger persistence replication_messages replication proto actors)
    list(TRANSFORM libraries REPLACE "^${layer}$" "${layer}_with_faults")
  endforeach()
  add_library(${name}_with_faults STATIC EXCLUDE_FROM_ALL ${faulty} ${objects})
  set_target_properties(${name}_with_faults PROPERTIES LINKER_LANGUAGE CXX)
  scalegraph_target(${name}_with_faults)
  target_compile_definitions(${name}_with_faults PUBLIC SCALEGRAPH_FAULT_INJECTION)
  target_link_libraries(${name}_with_faults PUBLIC ${libraries})
  if(precompiled)
    target_precompile_headers(${name}_with_faults PRIVATE ${precompiled})
  endif()
endfunction()

# scalegraph_test(NAME SOURCES... LIBRARIES...): one test binary per layer, run by ctest as NAME.
# rapidcheck and Catch2 2 are in every one of them; precompiled, since two cores wait for them. The
# tests' own code is not optimised: that is half of its compile time, and what they test is. With
# OPTIMISED it is, for tests that go through large files.
function(scalegraph_test name)
  cmake_parse_arguments(ARG "OPTIMISED" "" "SOURCES;LIBRARIES;PRECOMPILE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp)
  scalegraph_target(${name})
  target_link_libraries(${name} PRIVATE Catch2::Catch2 rapidcheck ${ARG_LIBRARIES})
  if(NOT ARG_OPTIMISED)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  target_precompile_headers(${name} PRIVATE <catch2/catch.hpp> ${ARG_PRECOMPILE})
  set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/catch_main.cpp
                              PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  add_test(NAME ${name} COMMAND ${name})
  # With sanitizers the simulation takes ten times as long.
  set_tests_properties(${name} PROPERTIES TIMEOUT $<IF:$<BOOL:${SCALEGRAPH_SANITIZE}>,1800,600>)
endfunction()
