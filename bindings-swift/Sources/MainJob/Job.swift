import FoundationEssentials
import Kist

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The steps of the demo on the profile.
struct Job {
    typealias Digest = (hex: String, records: Int)

    let profile: Profile
    let session: Store
    let started: Instant

    /// Waits for the engine to create the profile and its session store.
    init(profileAt path: String, started: Instant) throws {
        profile = try wait(for: "the profile") { try existing { try Profile(at: path, .init(.open)) } }
        let profile = profile
        session = try wait(for: "the session store") { try existing { try profile.store("session", create: false) } }
        self.started = started
    }

    /// Waits for the engine to finish its import.
    func waitUntilReady() throws {
        try wait(for: "engine/ready") { try session.get("engine/ready", as: Bool.self) == true ? () : nil }
    }

    /// Reads all stores in one snapshot. What is there must be what the source files say.
    func compare(with expected: RecordDigest) throws -> Digest {
        let stores = try ["certificates", "suffixes", "preferences"].map { try profile.store($0, create: false) }
        let information = try profile.store("certificate-info", create: false)
        let reader = try profile.beginReading()
        defer { try? reader.end() }
        var found = RecordDigest()
        for store in stores {
            for element in reader.records(of: store) {
                let record = try element.get()
                found.add(record.key, record.value)
            }
        }
        for element in reader.records(of: information) {
            try checkFingerprint(try element.get())
        }
        let digest = (hex: found.hex(), records: found.records)
        let wanted = (hex: expected.hex(), records: expected.records)
        guard digest == wanted else {
            throw Failure("found \(digest.records) records, \(digest.hex); expected \(wanted.records), \(wanted.hex)")
        }
        return digest
    }

    private func checkFingerprint(_ record: Record) throws {
        struct Information: Decodable {
            let fingerprint: String
        }
        guard case .json(let json) = record.value else { throw Failure("\(record.key) is \(record.value), not JSON") }
        let information = try JSONDecoder().decode(Information.self, from: Data(json.text.utf8))
        guard information.fingerprint == record.key.string else {
            throw Failure("certificate \(record.key) has the fingerprint \(information.fingerprint)")
        }
    }

    /// Waits until the engine has written once more.
    func waitForHeartbeat() throws {
        var first: UInt64?
        try wait(for: "engine/heartbeat") { () -> Void? in
            guard let beat = try session.get("engine/heartbeat", as: UInt64.self) else { return nil }
            guard let seen = first else {
                first = beat
                return nil
            }
            return beat > seen ? () : nil
        }
    }

    /// Writes what this process has found, at once. Gives the number of records written.
    func writeSession(_ digest: Digest) throws -> Int {
        let records: [(String, Value)] = [
            ("swift/pid", .u64(UInt64(getpid()))), ("swift/started", .instant(started)),
            ("swift/records", .u64(UInt64(digest.records))), ("swift/digest", .string(digest.hex)),
        ]
        try profile.write { writer in
            for (key, value) in records {
                try writer.put(key, value, in: session)
            }
        }
        return records.count
    }

    /// Waits for the digests of all languages, which must be the same.
    func compareWithOthers(_ languages: [String], _ digest: Digest) throws {
        let found = try wait(for: "the digests of \(languages.joined(separator: ", "))") { () -> [String]? in
            let digests = try profile.read { reader in
                var digests: [String] = []
                for language in languages {
                    if let digest = try reader.get("\(language)/digest", as: String.self, in: session) {
                        digests.append(digest)
                    }
                }
                return digests
            }
            return digests.count == languages.count ? digests : nil
        }
        for (language, other) in zip(languages, found) where other != digest.hex {
            throw Failure("\(language) has the digest \(other), swift \(digest.hex)")
        }
    }
}

/// What `open` gives, or nil when it does not exist yet.
private func existing<T>(_ open: () throws -> T) throws -> T? {
    do {
        return try open()
    } catch let error as KistError where error.code == .notFound || error.code == .tableNotFound {
        return nil
    }
}

/// Asks again and again until there is an answer, for at most a minute.
private func wait<T>(for what: String, _ ask: () throws -> T?) throws -> T {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if let answer = try ask() { return answer }
        usleep(5_000)
    }
    throw Failure("waited a minute for \(what)")
}
