# Warnings, hardening and sanitizers: the one place where compiler flags are written.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE "None" CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "")

find_program(MPMD_CCACHE ccache)
if(MPMD_CCACHE AND NOT MPMD_THREAD_SAFETY)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MPMD_CCACHE})
endif()
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

add_library(mpmd_flags INTERFACE)
separate_arguments(mpmd_optimise NATIVE_COMMAND "${MPMD_OPTIMISE}")
target_include_directories(mpmd_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(mpmd_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
    -Wold-style-cast -Woverloaded-virtual -Wundef -Werror
    -fno-strict-overflow -fstack-protector-strong ${mpmd_optimise})
target_compile_definitions(mpmd_flags INTERFACE MPMD_VERSION="${PROJECT_VERSION}")
target_link_options(mpmd_flags INTERFACE -pie -Wl,-z,relro,-z,now -Wl,--as-needed)
target_link_libraries(mpmd_flags INTERFACE Threads::Threads)

if(NOT MPMD_DEFAULT_MPM MATCHES "^(event|worker)$")
    message(FATAL_ERROR "MPMD_DEFAULT_MPM is event or worker, not \"${MPMD_DEFAULT_MPM}\"")
endif()
add_library(mpmd_default_mpm INTERFACE)
target_compile_definitions(mpmd_default_mpm INTERFACE MPMD_DEFAULT_MPM="${MPMD_DEFAULT_MPM}")

# What mpmd -V, the status page and the log say of this build; daemon/base/build_facts has it. The date is that of the
# configuration; SOURCE_DATE_EPOCH sets it.
string(TIMESTAMP mpmd_built "%Y-%m-%d %H:%M:%S UTC" UTC)
if(NOT MPMD_PLATFORM)
    set(MPMD_PLATFORM "${CMAKE_SYSTEM_NAME}")
    if(NOT CMAKE_CROSSCOMPILING)
        cmake_host_system_information(RESULT mpmd_system QUERY DISTRIB_NAME)
        string(REGEX REPLACE " GNU/Linux$" "" mpmd_system "${mpmd_system}")
        if(mpmd_system)
            set(MPMD_PLATFORM "${mpmd_system}")
        endif()
    endif()
endif()

if(MPMD_SANITIZE)
    target_compile_options(mpmd_flags INTERFACE -fsanitize=${MPMD_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
    target_link_options(mpmd_flags INTERFACE -fsanitize=${MPMD_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Instrumented code confuses this warning (g++ 12, std::variant of a unique_ptr); the other presets have it.
        target_compile_options(mpmd_flags INTERFACE -Wno-maybe-uninitialized)
    endif()
    if(MPMD_SANITIZE STREQUAL "thread")
        # g++ warns that it does not model fences; the scoreboard's rows are atomic words, so no race hides there.
        target_compile_options(mpmd_flags INTERFACE -Wno-tsan)
    endif()
elseif(NOT MPMD_THREAD_SAFETY)
    target_compile_definitions(mpmd_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(MPMD_FUZZ)
    target_compile_options(mpmd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MPMD_THREAD_SAFETY)
    # Only the front end runs: an "object" is an empty file that remembers the check was made, and nothing is linked.
    target_compile_options(mpmd_flags INTERFACE -Wthread-safety)
    set(CMAKE_CXX_COMPILE_OBJECT
        "<CMAKE_CXX_COMPILER> <DEFINES> <INCLUDES> <FLAGS> -fsyntax-only <SOURCE>" "<CMAKE_COMMAND> -E touch <OBJECT>")
    set(CMAKE_CXX_CREATE_STATIC_LIBRARY "<CMAKE_COMMAND> -E touch <TARGET>")
    set(CMAKE_CXX_LINK_EXECUTABLE "<CMAKE_COMMAND> -E touch <TARGET>")
endif()
