"""A client of the control API that shares no code with it: python3-grpcio, messages made from a descriptor set.

foreign_client.py PROTOSET SOCKET METHOD [JSON] [--count N]

Prints one JSON document a message, or {"error": ...} and exit status 1.
"""
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


class Client:
    def __init__(self, protoset, socket):
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(protoset, "rb") as stream:
            files.ParseFromString(stream.read())
        for proto in files.file:
            self.pool.Add(proto)
        self.messages = message_factory.MessageFactory(self.pool)
        self.channel = grpc.insecure_channel("unix:" + socket)
        self.services = {
            proto.package + "." + service.name: proto.package
            for proto in files.file
            for service in proto.service
        }

    def methods(self):
        for service in sorted(self.services):
            for method in self.pool.FindServiceByName(service).methods:
                yield service, method

    def find(self, name):
        for service, method in self.methods():
            if method.name == name:
                return service, method
        raise KeyError(name)

    def call(self, name, request=None, timeout=10, count=1):
        """A list of messages as dictionaries; grpc.RpcError when refused."""
        service, method = self.find(name)
        make = self.messages.GetPrototype(method.input_type)
        answer = self.messages.GetPrototype(method.output_type)
        message = json_format.ParseDict(request or {}, make())
        path = "/%s/%s" % (service, method.name)
        if not method.containing_service.file.serialized_pb:
            raise AssertionError(path)
        if self.streams(service, method):
            call = self.channel.unary_stream(path, make.SerializeToString, answer.FromString)
            out = []
            stream = call(message, timeout=timeout)
            for item in stream:
                out.append(self.shown(item))
                if len(out) == count:
                    stream.cancel()
                    break
            return out
        call = self.channel.unary_unary(path, make.SerializeToString, answer.FromString)
        return [self.shown(call(message, timeout=timeout))]

    @staticmethod
    def streams(service, method):
        proto = descriptor_pb2.ServiceDescriptorProto()
        method.containing_service.CopyToProto(proto)
        return next(m.server_streaming for m in proto.method if m.name == method.name)

    @staticmethod
    def shown(message):
        return json_format.MessageToDict(
            message, including_default_value_fields=True, preserving_proto_field_name=True
        )


def error_of(failure):
    details = {}
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            details["bytes"] = len(value)
            details["has_reason"] = b"type.googleapis.com/google.rpc.ErrorInfo" in value
    return {"error": {"code": failure.code().name, "message": failure.details(), "details": details}}


def main():
    arguments = sys.argv[1:]
    count = 1
    if "--count" in arguments:
        at = arguments.index("--count")
        count = int(arguments[at + 1])
        del arguments[at : at + 2]
    client = Client(arguments[0], arguments[1])
    request = json.loads(arguments[3]) if len(arguments) > 3 else {}
    try:
        for message in client.call(arguments[2], request, count=count):
            print(json.dumps(message))
    except grpc.RpcError as failure:
        print(json.dumps(error_of(failure)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
