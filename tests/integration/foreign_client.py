"""A client of the control API that shares no code with it: python3-grpcio, and messages made from a descriptor set.

    foreign_client.py PROTOSET SOCKET METHOD [JSON] [--count N]   calls it; one JSON document a message
    foreign_client.py PROTOSET SOCKET --every                     calls every method of the descriptor set
    foreign_client.py PROTOSET SOCKET --health                    asks the standard health service
    foreign_client.py PROTOSET SOCKET --reflect                   lists services by server reflection
    foreign_client.py PROTOSET SOCKET --lazy FILE BEGUN           watches; makes BEGUN with the first frame and reads no more until FILE is there
    foreign_client.py PROTOSET SOCKET --wait NAME FILE            waits for an operation; makes FILE once the server knows

A refusal is printed as {"error": ...} and is exit status 1.
"""
import json
import os
import sys
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

# A request that each method takes; "OP" becomes the name of an operation that exists.
REQUESTS = {
    "GetServer": {},
    "ReloadConfig": {"validate_only": True},
    "GetScoreboard": {"level": "FRAME_LEVEL_ROWS"},
    "WatchScoreboard": {"interval": "0.1s"},
    "ListChildren": {"workers": True},
    "ListConnections": {"filter": "age < 1h", "order_by": "age_ms desc"},
    "ListCrashes": {},
    "ListDecisions": {"limit": 5},
    "RestartChildren": {"all": True},
    "ListDirectives": {},
    "GetDirective": {"name": "minsparethreads"},
    "UpdateDirectives": {"changes": [{"name": "KeepAliveTimeout", "value": "7"}]},
    "GetOperation": {"name": "OP"},
    "ListOperations": {},
    "WatchOperation": {"name": "OP"},
    "WaitOperation": {"name": "OP", "timeout": "20s"},
}


class Client:
    def __init__(self, protoset, socket):
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(protoset, "rb") as stream:
            files.ParseFromString(stream.read())
        self.methods = {}
        for proto in files.file:
            self.pool.Add(proto)
            for service in proto.service:
                for method in service.method:
                    path = "/%s.%s/%s" % (proto.package, service.name, method.name)
                    self.methods[method.name] = (path, method)
        self.factory = message_factory.MessageFactory(self.pool)
        # No more is taken ahead of the reader than HTTP/2 must allow.
        options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)]
        self.channel = grpc.insecure_channel("unix:" + socket, options)

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name.lstrip(".")))

    def call(self, name, request=None, timeout=30, count=1):
        """A list of messages as dictionaries; grpc.RpcError when refused."""
        path, method = self.methods[name]
        make = self.message(method.input_type)
        answer = self.message(method.output_type)
        message = json_format.ParseDict(request or {}, make())
        if not method.server_streaming:
            call = self.channel.unary_unary(path, make.SerializeToString, answer.FromString)
            return [shown(call(message, timeout=timeout))]
        call = self.channel.unary_stream(path, make.SerializeToString, answer.FromString)
        out = []
        stream = call(message, timeout=timeout)
        for item in stream:
            out.append(shown(item))
            if len(out) == count:
                stream.cancel()
                break
        return out

    def every(self):
        operation = self.call("RestartChildren", {"all": True})[0]["name"]
        self.call("WaitOperation", {"name": operation, "timeout": "30s"})
        for name in sorted(self.methods):
            request = dict(REQUESTS[name])
            if request.get("name") == "OP":
                request["name"] = operation
            answers = self.call(name, request)
            print(json.dumps({"method": name, "answers": len(answers)}))

    def health(self):
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)
        names = [""] + sorted({path[1:].rsplit("/", 1)[0] for path, _ in self.methods.values()})
        for name in names:
            text = name.encode()
            request = b"\x0a" + bytes([len(text)]) + text if text else b""
            serving = check(request, timeout=10) == b"\x08\x01"
            print(json.dumps({"service": name, "serving": serving}))

    def reflect(self):
        call = self.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", bytes, bytes
        )
        answer = next(iter(call(iter([b"\x3a\x00"]), timeout=10)))
        for path, _ in self.methods.values():
            service = path[1:].rsplit("/", 1)[0]
            print(json.dumps({"service": service, "listed": service.encode() in answer}))


    def lazy(self, wake, begun):
        path, method = self.methods["WatchScoreboard"]
        make = self.message(method.input_type)
        answer = self.message(method.output_type)
        request = json_format.ParseDict({"interval": "0.1s", "level": "FRAME_LEVEL_ROWS"}, make())
        call = self.channel.unary_stream(path, make.SerializeToString, answer.FromString)
        most = 0
        for number, frame in enumerate(call(request, timeout=120)):
            if number == 0:
                open(begun, "w").close()
                while not os.path.exists(wake):
                    time.sleep(0.05)
            most = max(most, frame.coalesced)
            if most > 0 or number > 500:
                break
        print(json.dumps({"coalesced": most, "frames": number + 1}))


    def wait(self, operation, told):
        path, method = self.methods["WaitOperation"]
        make = self.message(method.input_type)
        call = self.channel.unary_unary(
            path, make.SerializeToString, self.message(method.output_type).FromString
        )
        request = json_format.ParseDict({"name": operation, "timeout": "29s"}, make())
        waiting = call.future(request, timeout=30)
        self.call("GetServer")  # behind it on the same connection
        open(told, "w").close()
        print(json.dumps(shown(waiting.result())))


def shown(message):
    return json_format.MessageToDict(
        message, including_default_value_fields=True, preserving_proto_field_name=True
    )


def error_of(failure):
    reason = ""
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and b"type.googleapis.com/google.rpc.ErrorInfo" in value:
            reason = reason_of(value)
    return {"error": {"code": failure.code().name, "reason": reason, "message": failure.details()}}


def reason_of(details):
    """The reason of the first ErrorInfo, read by hand: field 1 after the type's name."""
    after = details.split(b"google.rpc.ErrorInfo", 1)[1]
    at = after.index(b"\x0a")
    return after[at + 2 : at + 2 + after[at + 1]].decode()


def main():
    arguments = sys.argv[1:]
    count = 1
    if "--count" in arguments:
        at = arguments.index("--count")
        count = int(arguments[at + 1])
        del arguments[at : at + 2]
    client = Client(arguments[0], arguments[1])
    try:
        if arguments[2] == "--every":
            client.every()
        elif arguments[2] == "--health":
            client.health()
        elif arguments[2] == "--reflect":
            client.reflect()
        elif arguments[2] == "--lazy":
            client.lazy(arguments[3], arguments[4])
        elif arguments[2] == "--wait":
            client.wait(arguments[3], arguments[4])
        else:
            request = json.loads(arguments[3]) if len(arguments) > 3 else {}
            for message in client.call(arguments[2], request, count=count):
                print(json.dumps(message))
    except grpc.RpcError as failure:
        print(json.dumps(error_of(failure)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
