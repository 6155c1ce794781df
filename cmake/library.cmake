# mpmd_library(NAME SOURCES a.cc ... [PUBLIC lib ...] [PRIVATE lib ...]): one static library per folder.
# With no SOURCES it is a header-only (interface) library.
function(mpmd_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    if(arg_SOURCES)
        add_library(mpmd_${name} STATIC ${arg_SOURCES})
        target_link_libraries(mpmd_${name} PUBLIC mpmd_flags ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    else()
        add_library(mpmd_${name} INTERFACE)
        target_link_libraries(mpmd_${name} INTERFACE mpmd_flags ${arg_PUBLIC})
    endif()
endfunction()
