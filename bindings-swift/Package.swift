// swift-tools-version: 6.0
import PackageDescription

// build.sh and run_tests.sh pass where libkist.so is; see README.md.
let package = Package(
    name: "Kist",
    products: [
        .library(name: "Kist", targets: ["Kist"])
    ],
    targets: [
        .systemLibrary(name: "CKist"),
        .target(name: "Kist", dependencies: ["CKist"]),
        .systemLibrary(
            name: "CXXHash", path: "Tests/CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .testTarget(name: "KistTests", dependencies: ["Kist", "CXXHash"]),
        // A part of `make demo`, and one of the processes of the test of many languages on one profile.
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .executableTarget(name: "MainJob", dependencies: ["Kist", "CCrypto"]),
        .executableTarget(name: "Transfers", dependencies: ["Kist"]),
    ],
    swiftLanguageModes: [.v6]
)
