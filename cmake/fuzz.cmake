# mpmd_fuzz(NAME SOURCE target.cc LIBRARIES lib ... [MAX_LENGTH bytes]): one libFuzzer program, preset fuzz only.
# CTest runs it for MPMD_FUZZ_SECONDS (test fuzz/NAME, label fuzz) on the seeds of tests/fuzz/corpus/NAME, which it
# reads only; what it finds on the way is kept in the build directory, and a crashing input is named there by its hash.
function(mpmd_fuzz name)
    cmake_parse_arguments(arg "" "SOURCE;MAX_LENGTH" "LIBRARIES" ${ARGN})
    if(NOT arg_MAX_LENGTH)
        set(arg_MAX_LENGTH 4096)
    endif()
    set(program fuzz_${name})
    add_executable(${program} ${arg_SOURCE})
    target_link_libraries(${program} PRIVATE mpmd_flags ${arg_LIBRARIES})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    set(found ${CMAKE_BINARY_DIR}/fuzz/corpus-${name})
    file(MAKE_DIRECTORY ${found})
    set(seeds ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(NOT IS_DIRECTORY ${seeds})
        set(seeds "")
    endif()
    math(EXPR limit "${MPMD_FUZZ_SECONDS} + 120")
    add_test(NAME fuzz/${name} COMMAND ${program} -max_total_time=${MPMD_FUZZ_SECONDS} -max_len=${arg_MAX_LENGTH}
        -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=${CMAKE_BINARY_DIR}/fuzz/${name}- ${found} ${seeds})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT ${limit})
endfunction()
