import Foundation
import Kist
import Testing

struct ValueTests {
    static let values: [Value] = [
        .bool(true), .bool(false), .u64(0), .u64(.max), .i64(.min), .i64(-1), .f64(-0.0), .f64(.infinity),
        .f64(Double(bitPattern: 0x7ff0_0000_0000_0001)), .f64(Double(bitPattern: 0xfff8_0000_00c0_ffee)),
        .instant(Instant(milliseconds: .min)), .instant(Instant(milliseconds: -1)),
        .uuid(UUID(uuidString: "00112233-4455-6677-8899-aabbccddeeff")!),
        .string(""), .string("a\0b\0"), .string("e\u{301}"), .string("\u{e9}"), .string("😀 𐍈"), .string("a\r\nb"),
        .json(#" {"a": [1, 2.50, null]} "#), .blob([]), .blob([0, 255, 0xed, 0xa0, 0x80]),
        .blob([UInt8](repeating: 7, count: 1 << 20)),
    ]

    @Test func everyValueComesBackAsItWasStored() throws {
        try withStore { store in
            for (index, value) in Self.values.enumerated() {
                try store.put("\(index)", value)
            }
            for (index, value) in Self.values.enumerated() {
                let found = try store.get("\(index)")
                #expect(found == value)
                #expect(found?.tag == value.tag)
            }
        }
    }

    @Test func typedValuesComeBackAsTheirType() throws {
        try withStore { store in
            try store.put("bool", true)
            try store.put("u64", UInt64.max)
            try store.put("i64", Int64.min)
            try store.put("int", -5)
            try store.put("f64", 1.5)
            let instant = Instant(milliseconds: -2_177_452_800_001)
            try store.put("instant", instant)
            let uuid = UUID()
            try store.put("uuid", uuid)
            try store.put("string", "text")
            try store.put("json", JSON("[1]"))
            try store.put("blob", [1, 2, 3] as [UInt8])

            #expect(try store.get("bool", as: Bool.self) == true)
            #expect(try store.get("u64", as: UInt64.self) == .max)
            #expect(try store.get("i64", as: Int64.self) == .min)
            #expect(try store.get("int", as: Int.self) == -5)
            #expect(try store.get("f64", as: Double.self) == 1.5)
            #expect(try store.get("instant", as: Instant.self) == instant)
            #expect(try store.get("uuid", as: UUID.self) == uuid)
            #expect(try store.get("string", as: String.self) == "text")
            #expect(try store.get("json", as: JSON.self) == "[1]")
            #expect(try store.get("blob", as: [UInt8].self) == [1, 2, 3])
        }
    }

    @Test func stringsAreNotNormalised() throws {
        try withStore { store in
            let decomposed = "e\u{301}"
            let composed = "\u{e9}"
            #expect(decomposed == composed, "Swift takes these for the same, so the bytes must be compared")
            #expect(Value.string(decomposed) != Value.string(composed))
            try store.put(decomposed, decomposed)
            try store.put(composed, composed)
            #expect(try store.count() == 2)
            #expect(try store.get(decomposed, as: String.self).map { Array($0.utf8) } == [0x65, 0xcc, 0x81])
            #expect(try store.get(composed, as: String.self).map { Array($0.utf8) } == [0xc3, 0xa9])
            #expect(try store.records().all().map(\.key.bytes) == [[0x65, 0xcc, 0x81], [0xc3, 0xa9]])
        }
    }

    @Test func numbersAreEqualByTheirBits() {
        #expect(Value.f64(.nan) == Value.f64(.nan))
        #expect(Value.f64(0.0) != Value.f64(-0.0))
        #expect(Value.u64(1) != Value.i64(1))
        #expect(Set([Value.f64(.nan), .f64(.nan), .string("a"), .json("a")]).count == 3)
    }

    @Test func instantsAndDates() {
        let instant = Instant(milliseconds: -1)
        #expect(instant.date == Date(timeIntervalSince1970: -0.001))
        #expect(Instant(instant.date) == instant)
        #expect(Instant(Date(timeIntervalSince1970: .infinity)) == nil)
        #expect(Instant(Date(timeIntervalSince1970: 1e300)) == nil)
        #expect(Instant(milliseconds: .min) < Instant(milliseconds: 0))
        #expect(Instant.now.milliseconds > 1_600_000_000_000)
    }

    @Test func ownTypesCanBeStored() throws {
        enum Theme: String, Storable {
            case light, dark
            static var storedTag: ValueTag? { .string }
            var storedValue: Value { .string(rawValue) }
            init?(storedValue: Value) {
                guard case .string(let name) = storedValue else { return nil }
                self.init(rawValue: name)
            }
        }
        try withStore { store in
            try store.put("theme", Theme.dark)
            #expect(try store.get("theme", as: Theme.self) == .dark)
            #expect(try store.get("theme") == .string("dark"))
            try store.put("theme", "green")
            let message = expectError(.badValue) { _ = try store.get("theme", as: Theme.self) }
            #expect(message.contains("theme") && message.contains("Theme"))
        }
    }
}
