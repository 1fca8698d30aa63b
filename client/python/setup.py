"""Generates the messages and stubs of the ledger with protoc, into the build folder."""

import pathlib
import shutil
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
# protoc and its plugin for gRPC, and where they come from.
PROGRAMS = {"protoc": "protobuf-compiler", "grpc_python_plugin": "protobuf-compiler-grpc"}


class BuildWithStubs(build_py):
    """The modules of the package, and beside them what is made of the .proto files."""

    def run(self):
        super().run()
        for program, package in PROGRAMS.items():
            if shutil.which(program) is None:
                raise SystemExit(f"scalegraph: {program} is not there: install {package}")
        if not (PROTO / "ledger.proto").is_file():
            raise SystemExit(f"scalegraph: {PROTO}/ledger.proto is not there: build the package "
                             "in a checkout of the project")
        # The module's name has to be scalegraph.ledger_pb2 wherever the files stand.
        subprocess.run(
            ["protoc", f"--proto_path=scalegraph={PROTO}", f"--proto_path=scalegraph={HERE.parent}",
             f"--python_out={self.build_lib}", f"--pyi_out={self.build_lib}",
             f"--grpc_out={self.build_lib}",
             f"--plugin=protoc-gen-grpc={shutil.which('grpc_python_plugin')}",
             "scalegraph/ledger.proto"], check=True)
        subprocess.run(
            ["protoc", f"--proto_path=scalegraph={HERE.parent}", f"--python_out={self.build_lib}",
             f"--pyi_out={self.build_lib}", "scalegraph/rpc_status.proto"], check=True)


setup(cmdclass={"build_py": BuildWithStubs})
