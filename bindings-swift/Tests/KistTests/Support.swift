import Foundation
import Kist
import Testing

/// A fresh directory below the system's temporary one, removed with the object.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/kist-swift-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Where the profile is, and its data file.
    var profilePath: String { path + "/profile" }
    var dataPath: String { profilePath + "/data.kist" }
}

/// Calls `body` with a new profile and closes it.
func withProfile(_ options: Profile.Options = .init(), _ body: (Profile) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    let profile = try Profile(at: directory.profilePath, options)
    try body(profile)
    try? profile.close()
}

/// Calls `body` with a store of a new profile.
func withStore(_ body: (Store) throws -> Void) throws {
    try withProfile { profile in
        try body(try profile.store("things"))
    }
}

/// Expects an error of that code; gives its message.
@discardableResult
func expectError(
    _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
    let error = #expect(throws: KistError.self, sourceLocation: sourceLocation, performing: body)
    if let error {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
    }
    return error?.message ?? ""
}

/// The keys of all records as text.
func keys(_ records: Records) throws -> [String] {
    try records.all().map { $0.key.description }
}
