import Foundation
import Kist
import Testing

/// One of schemas/golden/values.json: a value as each language writes it down, and as it is stored.
struct GoldenValue: Decodable, CustomStringConvertible {
    let name: String
    let value: Value
    let bytes: [UInt8]

    var description: String { name }

    private enum Field: String, CodingKey {
        case name, type, value, hex
    }

    init(from decoder: Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        name = try fields.decode(String.self, forKey: .name)
        bytes = try Self.bytes(fields.decode(String.self, forKey: .hex))
        let type = try fields.decode(String.self, forKey: .type)
        if type == "bool" {
            value = .bool(try fields.decode(Bool.self, forKey: .value))
            return
        }
        let text = try fields.decode(String.self, forKey: .value)
        value =
            switch type {
            case "u64": .u64(try #require(UInt64(text)))
            case "i64": .i64(try #require(Int64(text)))
            case "f64": .f64(Double(bitPattern: try #require(UInt64(text.dropFirst(2), radix: 16))))
            case "instant": .instant(Instant(milliseconds: try #require(Int64(text))))
            case "uuid": .uuid(try #require(UUID(uuidString: text)))
            case "string": .string(text)
            case "json": .json(JSON(text))
            case "blob": .blob(try Self.bytes(text))
            default: throw DecodingError.dataCorruptedError(forKey: .type, in: fields, debugDescription: type)
            }
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0..<($0 + 2)]), radix: 16))
        }
    }

    static func all() throws -> [GoldenValue] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let data = try Data(contentsOf: root.appending(path: "schemas/golden/values.json"))
        return try JSONDecoder().decode([GoldenValue].self, from: data)
    }
}

struct GoldenTests {
    @Test func goldenValuesAreStoredByteForByte() throws {
        let goldens = try GoldenValue.all()
        #expect(goldens.count >= 50)
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        let store = try profile.store("golden")
        try profile.write { writer in
            for golden in goldens {
                try writer.put("golden: \(golden.name)", golden.value, in: store)
            }
        }
        for golden in goldens {
            #expect(try store.get("golden: \(golden.name)") == golden.value, "\(golden.name)")
        }
        try profile.close()
        // In the data file a key is followed by the stored bytes of its value (engine/docs/format.md).
        let file = try Data(contentsOf: URL(fileURLWithPath: directory.dataPath))
        for golden in goldens {
            let record = Data("golden: \(golden.name)".utf8) + golden.bytes
            let isThere = file.range(of: record) != nil
            #expect(isThere, "\(golden.name)")
        }
    }

    @Test func goldenValuesCoverEveryType() throws {
        #expect(Set(try GoldenValue.all().map(\.value.tag)) == Set(ValueTag.allCases))
    }
}
