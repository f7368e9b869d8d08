import FoundationEssentials
import Kist

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What the source files hold, as the records that the engine must have made of them.
struct Sources {
    typealias Dataset = [Key: Value]

    let certificates: Dataset
    let suffixes: Dataset
    let preferences: Dataset

    init(certificateFolder: String, suffixFile: String, preferenceFile: String) throws {
        certificates = try Self.readCertificates(certificateFolder)
        suffixes = try Self.readSuffixes(suffixFile)
        preferences = try Self.readPreferences(preferenceFile)
    }

    /// The digest over the three datasets in their order.
    func digest() -> RecordDigest {
        var digest = RecordDigest()
        for dataset in [certificates, suffixes, preferences] {
            for (key, value) in dataset.sorted(by: { $0.key < $1.key }) {
                digest.add(key, value)
            }
        }
        return digest
    }

    /// One certificate a file `*.crt`, in PEM; keyed by the SHA-256 of its DER.
    private static func readCertificates(_ folder: String) throws -> Dataset {
        var dataset: Dataset = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".crt") {
            let lines = try lines(of: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
            guard let begin = lines.firstIndex(of: "-----BEGIN CERTIFICATE-----"),
                let end = lines[begin...].firstIndex(of: "-----END CERTIFICATE-----"),
                let der = Data(base64Encoded: lines[(begin + 1)..<end].joined())
            else { throw Failure("\(name) is no PEM certificate") }
            let bytes = [UInt8](der)
            dataset[Key(SHA256.hex(of: bytes))] = .blob(bytes)
        }
        return dataset
    }

    /// The rules of the public suffix list, with the section that each stands in.
    private static func readSuffixes(_ path: String) throws -> Dataset {
        var dataset: Dataset = [:]
        var section = ""
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || (9...13).contains(byte) }
        for line in try lines(of: path) {
            let line = line.drop(while: isSpace)
            if line.starts(with: "//".utf8) {
                let comment = String(decoding: line, as: UTF8.self)
                if comment.contains("===BEGIN ICANN DOMAINS===") { section = "icann" }
                if comment.contains("===BEGIN PRIVATE DOMAINS===") { section = "private" }
            } else if !line.isEmpty {
                dataset[Key(Array(line.prefix { !isSpace($0) }))] = .string(section)
            }
        }
        return dataset
    }

    /// Lines `key<TAB>type<TAB>text`.
    private static func readPreferences(_ path: String) throws -> Dataset {
        var dataset: Dataset = [:]
        for line in try lines(of: path) where !line.isEmpty && line.first != UInt8(ascii: "#") {
            let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 2, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 3, let value = value(ofType: fields[1], fields[2]) else {
                throw Failure("\(path): cannot read '\(String(decoding: line, as: UTF8.self))'")
            }
            dataset[Key(fields[0])] = value
        }
        return dataset
    }

    private static func value(ofType type: String, _ text: String) -> Value? {
        switch type {
        case "bool": Bool(text).map(Value.bool)
        case "u64": UInt64(text).map(Value.u64)
        case "i64": Int64(text).map(Value.i64)
        case "f64": Double(text).map(Value.f64)
        case "instant": Int64(text).map { .instant(Instant(milliseconds: $0)) }
        case "uuid": UUID(uuidString: text).map(Value.uuid)
        case "string": unescape(text).map(Value.string)
        case "json": .json(JSON(text))
        case "blob": bytes(ofHex: text).map(Value.blob)
        default: nil
        }
    }

    /// Text with \n, \t, \\ and \u{hex} for what they stand for.
    private static func unescape(_ text: String) -> String? {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                result.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "\\": result.append("\\")
            case "u":
                guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}"),
                    let number = UInt32(String(rest[..<end]), radix: 16), let escaped = Unicode.Scalar(number)
                else { return nil }
                result.append(escaped)
                rest = rest[rest.index(after: end)...]
            default: return nil
            }
        }
        return String(result)
    }

    private static func bytes(ofHex text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    private static func lines(of path: String) throws -> [ArraySlice<UInt8>] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("cannot read \(path)") }
        return [UInt8](data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }
}
