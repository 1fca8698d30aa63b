# Every package comes from Debian 12: tools/packages.txt.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED)
find_package(RocksDB REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(Catch2 2 REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(benchmark REQUIRED)

# Debian's libutf8proc-dev ships no CMake package.
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)
add_library(utf8proc INTERFACE IMPORTED)
set_target_properties(utf8proc PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${UTF8PROC_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${UTF8PROC_LIBRARY}")

# Debian's libsystemd-dev ships no CMake package.
find_path(SYSTEMD_INCLUDE_DIR systemd/sd-daemon.h REQUIRED)
find_library(SYSTEMD_LIBRARY systemd REQUIRED)
add_library(systemd INTERFACE IMPORTED)
set_target_properties(systemd PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${SYSTEMD_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${SYSTEMD_LIBRARY}")

# Debian's libcaf-dev ships no CMake package.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
add_library(caf_core INTERFACE IMPORTED)
set_target_properties(caf_core PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${CAF_CORE_LIBRARY};Threads::Threads")
find_library(CAF_IO_LIBRARY caf_io REQUIRED)
add_library(caf_io INTERFACE IMPORTED)
target_link_libraries(caf_io INTERFACE "${CAF_IO_LIBRARY}" caf_core)

# Only its core, of which Debian's CMake package needs much more.
find_path(PROMETHEUS_CPP_INCLUDE_DIR prometheus/text_serializer.h REQUIRED)
find_library(PROMETHEUS_CPP_LIBRARY prometheus-cpp-core REQUIRED)
add_library(prometheus_cpp INTERFACE IMPORTED)
set_target_properties(prometheus_cpp PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${PROMETHEUS_CPP_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "${PROMETHEUS_CPP_LIBRARY}")

# Beast and Asio, which are headers only.
find_path(BOOST_INCLUDE_DIR boost/beast.hpp REQUIRED)
add_library(beast INTERFACE IMPORTED)
set_target_properties(beast PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${BOOST_INCLUDE_DIR}"
  INTERFACE_LINK_LIBRARIES "OpenSSL::SSL;OpenSSL::Crypto;Threads::Threads")
