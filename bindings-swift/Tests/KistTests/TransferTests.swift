import Foundation
import Kist
import Testing

struct TransferTests {
    /// A SafeMode file of rkv: a database "prefs" with a signed number under "n".
    private func safeMode(_ number: Int64) -> Data {
        func bytes(_ value: some FixedWidthInteger) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        func counted(_ data: Data) -> Data { bytes(UInt64(data.count)) + data }
        var file = bytes(UInt64(1)) + Data([1]) + counted(Data("prefs".utf8)) + bytes(UInt32(0)) + bytes(UInt64(1))
        file += counted(Data("n".utf8)) + bytes(UInt64(1))
        file += counted(Data([3]) + bytes(number))
        return file
    }

    @Test func importsWhatRkvWrote() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/data.safe.bin"
        try withProfile { profile in
            try safeMode(-7).write(to: URL(fileURLWithPath: file))
            let first = try profile.importFile(at: file)
            #expect(first.added == 1)
            let second = try profile.importFile(at: file)
            #expect(second.unchanged == 1)
            let prefs = try profile.store("prefs")
            #expect(try prefs.get("n", as: Int.self) == -7)
            try safeMode(8).write(to: URL(fileURLWithPath: file))
            expectError(.alreadyExists) { _ = try profile.importFile(at: file) }
            let kept = try profile.importFile(at: file, onConflict: .ignore)
            #expect(kept.ignored == 1)
            #expect(try prefs.get("n", as: Int.self) == -7)
            let replaced = try profile.importFile(at: file, onConflict: .replace)
            #expect(replaced.replaced == 1)
            #expect(try prefs.get("n", as: Int.self) == 8)
            expectError(.notAStore) { _ = try profile.importFile(at: file, format: .lmdb) }
            try Data().write(to: URL(fileURLWithPath: file))
            expectError(.damaged) { _ = try profile.importFile(at: file) }
        }
    }

    @Test func anExportIsImportedAgain() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/export.json"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        try withProfile { profile in
            try profile.store("s").put("k", "grüß")
            let file = try #require(FileHandle(forWritingAtPath: path))
            let exported = try profile.exportJSON(to: file.fileDescriptor)
            #expect(exported == 1)
            try file.close()
        }
        try withProfile { profile in
            let report = try profile.importFile(at: path, format: .json)
            #expect(report.added == 1)
            let store = try profile.store("s")
            #expect(try store.get("k", as: String.self) == "grüß")
        }
    }
}
