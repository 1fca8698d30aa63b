# The Debian packages: `cpack --config build/release/CPackConfig.cmake` writes both.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME scalegraph)
set(CPACK_PACKAGE_VENDOR Scalegraph)
set(CPACK_PACKAGE_CONTACT "The Scalegraph authors <scalegraph@example.org>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL server_files server_package client_files)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME scalegraph-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "scalegraph-client")
set(CPACK_DEBIAN_SERVER_DESCRIPTION "ledger server with durable transfers between many accounts
 scalegraphd keeps participants, accounts and transfers, and answers over gRPC.
 This package has the daemon, its systemd unit and its settings.")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/conffiles
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME scalegraph-client)
set(CPACK_DEBIAN_CLIENT_DESCRIPTION "command line client and benchmark of the Scalegraph ledger
 scalegraphctl creates accounts, posts transfers and shows their history.
 scalegraph-bench measures a server.")

include(CPack)
cpack_add_component_group(server)
cpack_add_component_group(client)
cpack_add_component(server_files GROUP server)
cpack_add_component(server_package GROUP server)
cpack_add_component(client_files GROUP client)
