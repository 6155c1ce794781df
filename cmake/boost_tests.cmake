# mpmd_tests(NAME SOURCES a.cc ... LIBRARIES lib ... [LABELS l ...] [TIMEOUT s] [ENVIRONMENT K=V ...]):
# one Boost.Test program whose every test case is a CTest test of its own, named NAME/suite/case.
# The cases are listed by the program itself after it is built (discover_boost_tests.cmake).
find_package(Boost REQUIRED COMPONENTS unit_test_framework)

function(mpmd_tests name)
    cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;ENVIRONMENT" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    set(program test_${name})
    add_executable(${program} ${PROJECT_SOURCE_DIR}/tests/support/boost_main.cc ${arg_SOURCES})
    target_compile_definitions(${program} PRIVATE BOOST_TEST_DYN_LINK)
    target_link_libraries(${program} PRIVATE mpmd_flags Boost::unit_test_framework ${arg_LIBRARIES})
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
