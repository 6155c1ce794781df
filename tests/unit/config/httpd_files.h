#pragma once

// The directives of configuration files that come with httpd and with Debian's apache2, for tests
// that such a file loads as it is.

namespace mpmd::config::httpd {

// mods-available/mpm_event.conf and mpm_worker.conf
inline constexpr const char* kDebianMpm =
    "# event MPM\n"
    "StartServers            2\n"
    "MinSpareThreads         25\n"
    "MaxSpareThreads         75\n"
    "ThreadLimit             64\n"
    "ThreadsPerChild         25\n"
    "MaxRequestWorkers       150\n"
    "MaxConnectionsPerChild  0\n";

// The same of older releases.
inline constexpr const char* kDebianMpm22 =
    "<IfModule mpm_prefork_module>\n"
    "    StartServers          5\n    MinSpareServers       5\n    MaxSpareServers      10\n"
    "    MaxClients          150\n    MaxRequestsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_worker_module>\n"
    "    StartServers          2\n    MinSpareThreads      25\n    MaxSpareThreads      75\n"
    "    ThreadLimit          64\n    ThreadsPerChild      25\n    MaxClients          150\n"
    "    MaxRequestsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_event_module>\n"
    "    StartServers          2\n    MinSpareThreads      25\n    MaxSpareThreads      75\n"
    "    ThreadLimit          64\n    ThreadsPerChild      25\n    MaxClients          150\n"
    "    MaxRequestsPerChild   0\n"
    "</IfModule>\n";

// conf/extra/httpd-mpm.conf
inline constexpr const char* kUpstreamMpm =
    "<IfModule !mpm_netware_module>\n    PidFile \"logs/httpd.pid\"\n</IfModule>\n"
    "<IfModule mpm_prefork_module>\n"
    "    StartServers             5\n    MinSpareServers          5\n"
    "    MaxSpareServers         10\n    MaxRequestWorkers      250\n"
    "    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_worker_module>\n"
    "    StartServers             3\n    MinSpareThreads         75\n"
    "    MaxSpareThreads        250\n    ThreadsPerChild         25\n"
    "    MaxRequestWorkers      400\n    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_event_module>\n"
    "    StartServers             3\n    MinSpareThreads         75\n"
    "    MaxSpareThreads        250\n    ThreadsPerChild         25\n"
    "    MaxRequestWorkers      400\n    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_netware_module>\n"
    "    ThreadStackSize      65536\n    StartThreads           250\n"
    "    MinSpareThreads         25\n    MaxSpareThreads        250\n"
    "    MaxThreads            1000\n    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_mpmt_os2_module>\n"
    "    StartServers             2\n    MinSpareThreads          5\n"
    "    MaxSpareThreads         10\n    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule mpm_winnt_module>\n"
    "    ThreadsPerChild        150\n    MaxConnectionsPerChild   0\n"
    "</IfModule>\n"
    "<IfModule !mpm_netware_module>\n    MaxMemFree            2048\n</IfModule>\n"
    "<IfModule mpm_netware_module>\n    MaxMemFree             100\n</IfModule>\n";

// mods-available/status.conf
inline constexpr const char* kDebianStatus =
    "<Location /server-status>\n\tSetHandler server-status\n\tRequire local\n"
    "\t#Require ip 192.0.2.0/24\n</Location>\n"
    "ExtendedStatus On\n"
    "<IfModule mod_proxy.c>\n\tProxyStatus On\n</IfModule>\n";

// conf-available/serve-cgi-bin.conf of older releases
inline constexpr const char* kDebianCgi =
    "<IfModule mod_alias.c>\n"
    "\t<IfModule mod_cgi.c>\n\t\tDefine ENABLE_USR_LIB_CGI_BIN\n\t</IfModule>\n"
    "\t<IfModule mod_cgid.c>\n\t\tDefine ENABLE_USR_LIB_CGI_BIN\n\t</IfModule>\n"
    "\t<IfDefine ENABLE_USR_LIB_CGI_BIN>\n"
    "\t\tScriptAlias /cgi-bin/ /usr/lib/cgi-bin/\n"
    "\t\t<Directory \"/usr/lib/cgi-bin\">\n\t\t\tAllowOverride None\n"
    "\t\t\tOptions +ExecCGI -MultiViews +FollowSymLinks\n\t\t\tRequire all granted\n"
    "\t\t</Directory>\n\t</IfDefine>\n</IfModule>\n";

// mods-available/mpm_event.load, with what it is read after
inline constexpr const char* kDebianLoad =
    "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
    "LoadModule status_module /usr/lib/apache2/modules/mod_status.so\n"
    "# Conflicts: mpm_worker mpm_prefork\n"
    "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n";

// apache2.conf and conf-available/security.conf, without their variables of the environment
inline constexpr const char* kDebianMain =
    "DefaultRuntimeDir /var/run/apache2\n"
    "Timeout 300\nKeepAlive On\nMaxKeepAliveRequests 100\nKeepAliveTimeout 5\n"
    "HostnameLookups Off\nLogLevel warn\n"
    "<Directory />\n\tOptions FollowSymLinks\n\tAllowOverride None\n"
    "\tRequire all denied\n</Directory>\n"
    "<Directory /var/www/>\n\tOptions Indexes FollowSymLinks\n\tAllowOverride None\n"
    "\tRequire all granted\n</Directory>\n"
    "AccessFileName .htaccess\n"
    "<FilesMatch \"^\\.ht\">\n\tRequire all denied\n</FilesMatch>\n"
    "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" "
    "\\\"%{User-Agent}i\\\"\" vhost_combined\n"
    "ServerTokens OS\nServerSignature On\nTraceEnable Off\n"
    "ServerAdmin webmaster@localhost\nEnableSendfile Off\nEnableMMAP Off\n";

}  // namespace mpmd::config::httpd
