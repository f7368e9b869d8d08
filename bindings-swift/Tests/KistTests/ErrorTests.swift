import CXXHash
import Foundation
import Kist
import Testing

struct ErrorTests {
    @Test func wrongTypeNamesBoth() throws {
        try withStore { store in
            try store.put("k", "text")
            let message = expectError(.wrongType) { _ = try store.get("k", as: Bool.self) }
            #expect(message.contains("string") && message.contains("bool"), "\(message)")
            let reader = try store.profile.beginReading()
            expectError(.wrongType) { _ = try reader.get("k", as: JSON.self, in: store) }
            #expect(try store.get("k") == .string("text"))
        }
    }

    @Test func integersWidenWhenTheyFit() throws {
        try withStore { store in
            try store.put("five", 5)
            try store.put("minus", -5)
            try store.put("max", UInt64.max)
            #expect(try store.get("five", as: UInt64.self) == 5)
            #expect(try store.get("five", as: Int.self) == 5)
            let message = expectError(.wrongType) { _ = try store.get("minus", as: UInt64.self) }
            #expect(message.contains("i64") && message.contains("u64"), "\(message)")
            expectError(.wrongType) { _ = try store.get("max", as: Int.self) }
            expectError(.wrongType) { _ = try store.get("five", as: Double.self) }
        }
    }

    @Test func invalidJson() throws {
        try withStore { (store) throws in
            for text in ["", "{", "nul", "[1,]", "1 2"] {
                expectError(.invalidJson) { try store.put("k", JSON(text)) }
            }
            #expect(try store.count() == 0)
        }
    }

    @Test func longKeys() throws {
        try withStore { (store) throws in
            let key = [UInt8](repeating: 1, count: 5_000)
            expectError(.keyTooLong) { try store.put(key, 1) }
            #expect(try store.get(key) == nil)
        }
    }

    @Test func missingStoresAndProfiles() throws {
        let directory = try TemporaryDirectory()
        expectError(.notFound) { _ = try Profile(at: directory.profilePath, .init(.open)) }
        expectError(.notFound) { _ = try Profile(at: directory.profilePath, .init(.readOnly)) }
        let profile = try Profile(at: directory.profilePath)
        let message = expectError(.tableNotFound) { _ = try profile.store("missing", create: false) }
        #expect(message.contains("missing"), "\(message)")
        expectError(.invalidArgument) { _ = try profile.store("") }
    }

    @Test func storeOfAnotherProfile() throws {
        try withProfile { one in
            try withStore { store in
                let reader = try one.beginReading()
                expectError(.misuse) { _ = try reader.get("k", in: store) }
                expectError(.misuse) { try one.write { try $0.put("k", 1, in: store) } }
                #expect(reader.records(of: store).map(\.isFailure) == [true])
            }
        }
    }

    @Test func readOnly() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        try profile.store("s").put("k", 1)
        try profile.close()
        let readOnly = try Profile(at: directory.profilePath, .init(.readOnly))
        let store = try readOnly.store("s", create: false)
        #expect(try store.get("k", as: Int.self) == 1)
        expectError(.readOnly) { try store.put("k", 2) }
        expectError(.readOnly) { _ = try readOnly.beginWriting() }
        expectError(.readOnly) { _ = try readOnly.store("other") }
    }

    @Test func conflictingOptions() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath, .init(pageSize: 4096))
        expectError(.optionConflict) { _ = try Profile(at: directory.profilePath, .init(pageSize: 8192)) }
        let others: [(Profile.Options, String)] = [
            (.init(flush: .init(bytes: .at(1 << 20))), "flush_bytes"),
            (.init(flush: .init(milliseconds: .never)), "flush_age"),
            (.init(flush: .init(operations: .at(7))), "flush_operations"),
            (.init(queueBytes: 1 << 16), "queue_bytes"),
            (.init(queueOperations: 12), "queue_operations"),
        ]
        for (options, name) in others {
            let message = expectError(.optionConflict) { _ = try Profile(at: directory.profilePath, options) }
            #expect(message.contains(name))
        }
        expectError(.invalidArgument) { _ = try Profile(at: directory.path + "/other", .init(queueBytes: 0)) }
        expectError(.invalidArgument) {
            _ = try Profile(at: directory.path + "/other", .init(flush: .init(operations: .at(-1))))
        }
        expectError(.invalidArgument) { _ = try Profile(at: directory.path + "/other", .init(pageSize: 1000)) }
        expectError(.invalidArgument) { _ = try Profile(at: directory.path + "/other", .init(pageSize: -1)) }
        expectError(.invalidArgument) { _ = try Profile(at: "") }
        try profile.close()
    }

    @Test func fileThatIsNoStore() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.profilePath, withIntermediateDirectories: false)
        let text = Data(String(repeating: "This is no store. ", count: 4_000).utf8)
        try text.write(to: URL(fileURLWithPath: directory.dataPath))
        let message = expectError(.notAStore) { _ = try Profile(at: directory.profilePath) }
        #expect(message.contains("data.kist"), "\(message)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.dataPath)) == text, "it must not be touched")
    }

    @Test func newerVersion() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        try profile.store("s").put("k", 1)
        try profile.close()
        try raiseVersion(ofFile: directory.dataPath)
        expectError(.newerFormat) { _ = try Profile(at: directory.profilePath) }
        expectError(.newerFormat) { _ = try Profile(at: directory.profilePath, .init(.readOnly)) }
    }

    @Test func damagedFile() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        let store = try profile.store("s")
        try profile.write { writer in
            for number in 0..<1_000 {
                try writer.put("\(number)", number, in: store)
            }
        }
        try profile.close()
        let file = URL(fileURLWithPath: directory.dataPath)
        let half = try Data(contentsOf: file)
        try half.prefix(half.count / 2).write(to: file)
        expectError(.damaged) {
            let damaged = try Profile(at: directory.profilePath)
            _ = try damaged.store("s", create: false).records().all()
        }
        try Data().write(to: file)
        expectError(.damaged) { _ = try Profile(at: directory.profilePath) }
    }

    @Test func pathsThatAreNoDirectories() throws {
        let directory = try TemporaryDirectory()
        try Data("text".utf8).write(to: URL(fileURLWithPath: directory.profilePath))
        for mode in [Profile.Options.Mode.create, .open, .readOnly] {
            let message = expectError(.invalidArgument) { _ = try Profile(at: directory.profilePath, .init(mode)) }
            #expect(message.contains("profile"), "\(message)")
            expectError(.invalidArgument) { _ = try Profile(at: directory.profilePath + "/below", .init(mode)) }
        }
    }

    @Test func directoryWithoutPermission() throws {
        let directory = try TemporaryDirectory()
        try Profile(at: directory.profilePath).store("s").put("k", 1)
        try setPermissions(0o500, directory.path)
        try withoutPrivileges {
            let message = expectError(.permission) { _ = try Profile(at: directory.path + "/new") }
            #expect(message.contains(directory.path), "\(message)")
        }
        try setPermissions(0o755, directory.path)
        try setPermissions(0, directory.profilePath)
        try withoutPrivileges {
            for mode in [Profile.Options.Mode.create, .open, .readOnly] {
                expectError(.permission) { _ = try Profile(at: directory.profilePath, .init(mode)) }
            }
        }
        try setPermissions(0o755, directory.profilePath)
        try setPermissions(0, directory.dataPath)
        try withoutPrivileges {
            for mode in [Profile.Options.Mode.create, .open, .readOnly] {
                expectError(.permission) { _ = try Profile(at: directory.profilePath, .init(mode)) }
            }
        }
        try setPermissions(0o600, directory.dataPath)
        #expect(try Profile(at: directory.profilePath).store("s").get("k", as: Int.self) == 1, "nothing was changed")
    }
}

private func setPermissions(_ mode: Int, _ path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}

/// Writes into each meta slot that it is of the next version of the format (engine/docs/format.md): 4 slots at
/// multiples of 4 KiB, in each at 0 the checksum of the rest of its 512 bytes, at 8 a magic number, at 16 the version.
private func raiseVersion(ofFile path: String) throws {
    var file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    try #require(file.count >= 4 * 4096)
    let magic = Array("Kist".utf8)
    var slots = 0
    for slot in stride(from: 0, to: 4 * 4096, by: 4096) where file[(slot + 8)...].starts(with: magic) {
        file[slot + 16] += 1
        let checksum = file[(slot + 8)..<(slot + 512)].withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        withUnsafeBytes(of: checksum.littleEndian) { file.replaceSubrange(slot..<(slot + 8), with: $0) }
        slots += 1
    }
    #expect(slots > 0)
    try Data(file).write(to: URL(fileURLWithPath: path))
}

/// Calls `body` with the file access of an ordinary user, also when the tests run as root: Linux keeps the user that
/// files are accessed as for each thread.
private func withoutPrivileges(_ body: () throws -> Void) throws {
    guard geteuid() == 0 else { return try body() }
    typealias SetUser = @convention(c) (UInt32) -> Int32
    let symbol = try #require(dlsym(nil, "setfsuid"))
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    let nobody: UInt32 = 65_534
    _ = setUser(nobody)
    defer { _ = setUser(0) }
    try #require(setUser(nobody) == Int32(nobody), "setfsuid had no effect")
    try body()
}
