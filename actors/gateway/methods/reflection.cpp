// Answers come from protobuf's pool of generated descriptors, which has every .proto file that is
// linked in. No file is read.
#include "actors/gateway/methods/reflection.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/status.h>

#include <set>
#include <vector>

namespace sg::actors {
namespace {

namespace wire = grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

void set_error(wire::ServerReflectionResponse& response, grpc::StatusCode code,
               const std::string& message) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

// Adds the file and, recursively, all that it imports. Each file is added once.
void add_file(wire::FileDescriptorResponse& response, const FileDescriptor& file,
              std::set<const FileDescriptor*>& added) {
  if (!added.insert(&file).second) return;
  google::protobuf::FileDescriptorProto copy;
  file.CopyTo(&copy);
  copy.SerializeToString(response.add_file_descriptor_proto());
  for (int i = 0; i < file.dependency_count(); ++i) add_file(response, *file.dependency(i), added);
}

// Answers with a file, or with NOT_FOUND if it is null. `wanted` names what was asked for.
void set_file(wire::ServerReflectionResponse& response, const FileDescriptor* file,
              const std::string& wanted) {
  // The protocol has an error for each request, so that the stream can go on.
  if (file == nullptr) return set_error(response, grpc::StatusCode::NOT_FOUND, "no " + wanted);
  std::set<const FileDescriptor*> added;
  add_file(*response.mutable_file_descriptor_response(), *file, added);
}

// Answers with the file that defines an extension of a message type.
void set_extension_file(wire::ServerReflectionResponse& response,
                        const wire::ExtensionRequest& request) {
  const auto* pool = DescriptorPool::generated_pool();
  const auto* type = pool->FindMessageTypeByName(request.containing_type());
  const auto* extension =
      type == nullptr ? nullptr : pool->FindExtensionByNumber(type, request.extension_number());
  set_file(response, extension == nullptr ? nullptr : extension->file(),
           "extension " + std::to_string(request.extension_number()) + " of " +
               request.containing_type());
}

// Answers with the field numbers of all extensions of a message type.
void set_extension_numbers(wire::ServerReflectionResponse& response, const std::string& name) {
  const auto* pool = DescriptorPool::generated_pool();
  const auto* type = pool->FindMessageTypeByName(name);
  if (type == nullptr) return set_error(response, grpc::StatusCode::NOT_FOUND, "no type " + name);
  auto& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(name);
  std::vector<const google::protobuf::FieldDescriptor*> extensions;
  pool->FindAllExtensions(type, &extensions);
  for (const auto* extension : extensions) numbers.add_extension_number(extension->number());
}

}  // namespace

wire::ServerReflectionResponse reflect(const wire::ServerReflectionRequest& request,
                                       std::span<const std::string> services) {
  wire::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  // The protocol wants the request back in each response.
  *response.mutable_original_request() = request;
  const auto* pool = DescriptorPool::generated_pool();
  using Kind = wire::ServerReflectionRequest;
  switch (request.message_request_case()) {
    case Kind::kFileByFilename:
      set_file(response, pool->FindFileByName(request.file_by_filename()),
               "file " + request.file_by_filename());
      break;
    case Kind::kFileContainingSymbol:
      set_file(response, pool->FindFileContainingSymbol(request.file_containing_symbol()),
               "symbol " + request.file_containing_symbol());
      break;
    case Kind::kFileContainingExtension:
      set_extension_file(response, request.file_containing_extension());
      break;
    case Kind::kAllExtensionNumbersOfType:
      set_extension_numbers(response, request.all_extension_numbers_of_type());
      break;
    case Kind::kListServices:
      for (const auto& name : services) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case Kind::MESSAGE_REQUEST_NOT_SET:
      set_error(response, grpc::StatusCode::INVALID_ARGUMENT,
                "the request asks for nothing: set list_services, file_containing_symbol or "
                "another of its kinds");
  }
  return response;
}

}  // namespace sg::actors
