# mpmd_tests(NAME SOURCES a.cc ... LIBRARIES lib ... [LABELS l ...] [TIMEOUT s] [ENVIRONMENT K=V ...]):
# one Boost.Test program whose every test case is a CTest test of its own, named NAME/suite/case.
# The cases are listed by the program itself after it is built (discover_boost_tests.cmake).
# A preset without the store or without gRPC leaves out the programs that test them; tsan has only those labelled tsan.
find_package(Boost REQUIRED COMPONENTS unit_test_framework)

# The main of all of them, compiled once.
add_library(mpmd_test_main STATIC ${PROJECT_SOURCE_DIR}/tests/support/boost_main.cc)
target_compile_definitions(mpmd_test_main PUBLIC BOOST_TEST_DYN_LINK)
target_link_libraries(mpmd_test_main PUBLIC mpmd_flags Boost::unit_test_framework)

function(mpmd_tests name)
    cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;ENVIRONMENT" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(MPMD_SANITIZE STREQUAL "thread" AND NOT "tsan" IN_LIST arg_LABELS)
        return()
    endif()
    if(NOT MPMD_STORE OR NOT MPMD_GRPC)
        foreach(library IN LISTS arg_LIBRARIES)
            if(library MATCHES "^mpmd_" AND NOT TARGET ${library})
                message(STATUS "tests of ${name} are left out: this preset has no ${library}")
                return()
            endif()
        endforeach()
    endif()
    set(program test_${name})
    add_executable(${program} ${arg_SOURCES})
    target_link_libraries(${program} PRIVATE mpmd_test_main ${arg_LIBRARIES})
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    set(listing ${CMAKE_CURRENT_BINARY_DIR}/${program}_tests.cmake)
    add_custom_command(TARGET ${program} POST_BUILD BYPRODUCTS ${listing}
        COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${program}> -D NAME=${name} -D OUTPUT=${listing}
                -D "LABELS=${arg_LABELS}" -D TIMEOUT=${arg_TIMEOUT} -D "ENVIRONMENT=${arg_ENVIRONMENT}"
                -P ${PROJECT_SOURCE_DIR}/cmake/discover_boost_tests.cmake VERBATIM)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${program}_include.cmake
        "if(EXISTS \"${listing}\")\n  include(\"${listing}\")\nelse()\n  add_test(${name}_NOT_BUILT ${name}_NOT_BUILT)\nendif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES
        ${CMAKE_CURRENT_BINARY_DIR}/${program}_include.cmake)
endfunction()
