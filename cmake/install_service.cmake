# Run by cmake --install: unit, sysusers, tmpfiles, logrotate, and a configuration unless there is one.
# Given: packaging, scratch, sbindir; CMAKE_INSTALL_PREFIX as it is now.
set(prefix "${CMAKE_INSTALL_PREFIX}")
set(MPMD_SBIN "${prefix}/${sbindir}")
set(MPMD_ETC "${prefix}/etc")
if(prefix STREQUAL "/usr")
    set(MPMD_ETC "/etc")
endif()

# Of this run alone: another may install elsewhere at the same time.
string(RANDOM LENGTH 16 run)
set(scratch "${scratch}/install-${run}")

foreach(file mpmd.service mpmd.logrotate)
    configure_file("${packaging}/${file}.in" "${scratch}/${file}" @ONLY)
endforeach()
file(INSTALL "${scratch}/mpmd.service" DESTINATION "${prefix}/lib/systemd/system")
file(INSTALL "${packaging}/mpmd.sysusers" DESTINATION "${prefix}/lib/sysusers.d" RENAME mpmd.conf)
file(INSTALL "${packaging}/mpmd.tmpfiles" DESTINATION "${prefix}/lib/tmpfiles.d" RENAME mpmd.conf)
file(INSTALL "${scratch}/mpmd.logrotate" DESTINATION "${MPMD_ETC}/logrotate.d" RENAME mpmd)

# The configuration is the administrator's once it is there.
if(EXISTS "$ENV{DESTDIR}${MPMD_ETC}/mpmd/mpmd.conf")
    message(STATUS "Kept: $ENV{DESTDIR}${MPMD_ETC}/mpmd/mpmd.conf")
else()
    file(READ "${packaging}/mpmd.conf" text)
    string(REPLACE "/etc/mpmd" "${MPMD_ETC}/mpmd" text "${text}")
    file(WRITE "${scratch}/mpmd.conf" "${text}")
    file(INSTALL "${scratch}/mpmd.conf" DESTINATION "${MPMD_ETC}/mpmd")
endif()

# Its DocumentRoot: mpmd does not start without one. Below another prefix (perhaps not root's) tmpfiles.d makes it.
if(prefix STREQUAL "/usr" AND NOT EXISTS "$ENV{DESTDIR}/var/www/html")
    message(STATUS "Made: $ENV{DESTDIR}/var/www/html")
    file(MAKE_DIRECTORY "$ENV{DESTDIR}/var/www/html")
endif()

file(REMOVE_RECURSE "${scratch}")
