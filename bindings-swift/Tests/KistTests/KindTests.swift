import Kist
import Testing

struct KindTests {
    @Test func integerKeysAreInNumericOrder() throws {
        try withProfile { profile in
            for (number, type) in [KeyType.i8, .i16, .i32, .i64].enumerated() {
                let store = try profile.store("signed \(number)", keys: type)
                for number in [5, -128, 127, 0, -1] { try store.put(try store.key(number), number) }
                let sorted = try store.records().all().map { store.number(of: $0.key, as: Int.self) }
                #expect(sorted == [-128, -1, 0, 5, 127])
                let least = try store.key(-128)
                #expect(try store.get(least, as: Int.self) == -128)
                let fromZero = KeyRange.from(try store.key(0))
                #expect(try store.count(fromZero) == 3)
                #expect(try store.delete(fromZero) == 3)
                #expect(try store.count() == 2)
            }
            let store = try profile.store("u64", keys: .u64)
            try store.put(try store.key(UInt64.max), true)
            let largest = try store.records().all()[0].key
            #expect(store.number(of: largest, as: UInt64.self) == .max)
            #expect(store.number(of: largest, as: Int64.self) == nil)
            expectError(.outOfRange) { _ = try store.key(-1) }
            let small = try profile.store("u8", keys: .u8)
            expectError(.outOfRange) { _ = try small.key(256) }
            expectError(.invalidArgument) { try small.put("ab", 1) }
            expectError(.wrongKind) { _ = try profile.store("u8", keys: .i8) }
            expectError(.wrongKind) { _ = try profile.store("things").key(1) }
        }
    }

    @Test func multiStoresKeepSortedValues() throws {
        try withProfile { profile in
            let store = try profile.store("tags", multi: true)
            for number in [1, -1, 256, 1] { try store.put("a", number) }
            try store.put("b", "x")
            #expect(try store.records(.only("a")).all().map(\.value) == [.i64(256), .i64(1), .i64(-1)])
            #expect(try store.count() == 4)
            #expect(try store.count(.only("a")) == 3)
            #expect(try store.delete("a", value: 1))
            #expect(try store.delete("a", value: 1) == false)
            try profile.write { writer in
                let value = try writer.delete("a", value: 256, in: store)
                let records = try writer.delete(.prefix("b"), in: store)
                #expect(value && records == 1)
            }
            #expect(try store.get("a", as: Int.self) == -1)
            #expect(try store.count() == 1)
            expectError(.wrongKind) { try store.add(to: "a") }
        }
    }

    @Test func changesDependOnWhatIsThere() throws {
        try withProfile { profile in
            let store = try profile.store("things")
            #expect(try store.add(to: "n") == .i64(1))
            #expect(try store.add(-5, to: "n") == .i64(-4))
            #expect(try store.putIfAbsent("k", 1))
            #expect(try store.putIfAbsent("k", 2) == false)
            #expect(try store.compareAndSet("k", expected: .i64(2), value: .i64(3)) == false)
            #expect(try store.compareAndSet("k", expected: .i64(1), value: .string("two")))
            #expect(try store.compareAndSet("new", expected: nil, value: .bool(true)))
            try profile.write { writer in
                let sum = try writer.add(10, to: "n", in: store)
                let removed = try writer.compareAndSet("k", expected: .string("two"), value: nil, in: store)
                #expect(sum == .i64(6) && removed)
            }
            #expect(try store.has("k") == false)
            expectError(.wrongType) { try store.add(to: "new") }
        }
    }
}
