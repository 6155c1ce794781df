#include "daemon/control/failure.h"

#include <google/rpc/error.pb.h>

namespace mpmd::control {

std::string error_details(const Failure& failure) {
    google::rpc::Status status;
    status.set_code(static_cast<int>(failure.code));
    status.set_message(failure.message);
    google::rpc::ErrorInfo info;
    info.set_reason(failure.reason);
    info.set_domain("control.mpm");
    for (const auto& [name, value] : failure.metadata)
        (*info.mutable_metadata())[name] = value;
    status.add_details()->PackFrom(info);
    if (!failure.violations.empty()) {
        google::rpc::BadRequest bad;
        for (const FieldViolation& violation : failure.violations) {
            auto* field = bad.add_field_violations();
            field->set_field(violation.field);
            field->set_description(violation.description);
        }
        status.add_details()->PackFrom(bad);
    }
    return status.SerializeAsString();
}

}  // namespace mpmd::control
