# cmake --install: programs, manual pages, a configuration to start from. Included last, when all targets exist.
include(GNUInstallDirs)

foreach(program mpmd mpmctl mpmd-control)
    if(TARGET ${program})
        set(place ${CMAKE_INSTALL_BINDIR})
        if(program STREQUAL "mpmd")
            set(place ${CMAKE_INSTALL_SBINDIR})
        elseif(program STREQUAL "mpmd-control")
            set(place ${CMAKE_INSTALL_LIBEXECDIR}/mpmd)
        endif()
        install(TARGETS ${program} RUNTIME DESTINATION ${place})
    endif()
endforeach()

get_property(pages GLOBAL PROPERTY MPMD_MAN_PAGES)
foreach(page IN LISTS pages)
    get_filename_component(section ${page} LAST_EXT)
    string(SUBSTRING ${section} 1 1 section)
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/daemon/packaging/mpmd.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What a service needs. Written when it is installed, so that --prefix counts; a prefix of /usr means /etc as well.
install(CODE "
    set(packaging \"${PROJECT_SOURCE_DIR}/daemon/packaging\")
    set(scratch \"${CMAKE_BINARY_DIR}/packaging\")
    set(sbindir \"${CMAKE_INSTALL_SBINDIR}\")")
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install_service.cmake)
