import Kist
import Testing

struct RecordsTests {
    private func withFruit(_ body: (Store) throws -> Void) throws {
        try withStore { store in
            for name in ["cherry", "apple", "banana", "apricot", "avocado"] {
                try store.put(name, name.count)
            }
            try body(store)
        }
    }

    @Test func recordsComeInOrder() throws {
        try withFruit { store in
            let records = try store.records().all()
            #expect(records.map(\.key) == ["apple", "apricot", "avocado", "banana", "cherry"])
            #expect(records.map(\.value) == [.i64(5), .i64(7), .i64(7), .i64(6), .i64(6)])
            #expect(try keys(store.records(reverse: true)) == ["cherry", "banana", "avocado", "apricot", "apple"])
        }
    }

    @Test func boundsHoldTogether() throws {
        try withFruit { (store) throws in
            #expect(try keys(store.records(.prefix("ap"))) == ["apple", "apricot"])
            #expect(try keys(store.records(.prefix("ap"), reverse: true)) == ["apricot", "apple"])
            #expect(try keys(store.records(.prefix("x"))) == [])
            #expect(try keys(store.records(.from("avocado"))) == ["avocado", "banana", "cherry"])
            #expect(try keys(store.records(.upTo("avocado"))) == ["apple", "apricot"])
            #expect(try keys(store.records(.from("apq", to: "c"))) == ["apricot", "avocado", "banana"])
            #expect(try keys(store.records(.from("c", to: "a"))) == [])
            #expect(try keys(store.records(.upTo(""))) == [])
            #expect(try keys(store.records(KeyRange(prefix: "a", from: "apr", to: "av"))) == ["apricot"])
            #expect(try keys(store.records(reverse: true, limit: 2)) == ["cherry", "banana"])
            #expect(try keys(store.records(limit: 0)) == [])
            #expect(try keys(store.records(limit: 100)).count == 5)
        }
    }

    @Test(arguments: [[0xff], [0x61, 0xff], [0xff, 0xff]] as [[UInt8]])
    func prefixesThatEndIn255(prefix: [UInt8]) throws {
        try withStore { store in
            let keys: [[UInt8]] = [
                [0x61], [0x61, 0xff], [0x61, 0xff, 0xff], [0x62], [0xff], [0xff, 0xff], [0xff, 0xff, 1],
            ]
            for key in keys {
                try store.put(key, true)
            }
            let expected = keys.filter { $0.starts(with: prefix) }
            #expect(try store.records(.prefix(prefix)).all().map(\.key.bytes) == expected)
            #expect(try store.records(.prefix(prefix), reverse: true).all().map(\.key.bytes) == expected.reversed())
        }
    }

    @Test func manyRecordsInManyBatches() throws {
        try withStore { store in
            let count = 3_000
            let name = { (number: Int) in "key \(1_000_000 + number)" }
            try store.profile.write { writer in
                for number in 0..<count {
                    try writer.put(
                        name(number), [UInt8](repeating: UInt8(number % 256), count: number % 700), in: store)
                }
            }
            var number = 0
            for element in store.records() {
                let record = try element.get()
                #expect(record.key.string == name(number))
                #expect(record.value == .blob([UInt8](repeating: UInt8(number % 256), count: number % 700)))
                number += 1
            }
            #expect(number == count)
            #expect(try keys(store.records(reverse: true, limit: 1_000)) == (2_000..<3_000).reversed().map(name))
        }
    }

    @Test func walksStopEarlyAndStartAnew() throws {
        try withFruit { store in
            let records = store.records()
            #expect(try records.first { try $0.get().key > "b" }?.get().key == "banana")
            #expect(try records.prefix(2).map { try $0.get().key } == ["apple", "apricot"])
            try store.put("aaa", 1)
            #expect(try records.prefix(1).map { try $0.get().key } == ["aaa"])
        }
    }

    @Test func walkSeesItsSnapshot() throws {
        try withFruit { store in
            let walk = store.records(limit: 1_000).makeIterator()
            #expect(try walk.next()?.get().key == "apple")
            try store.clear()
            var rest = 0
            while let element = walk.next() {
                _ = try element.get()
                rest += 1
            }
            #expect(rest == 4)
            #expect(walk.next() == nil)
        }
    }

    @Test func walkOfAnEndedReaderFailsOnce() throws {
        try withStore { store in
            for number in 0..<100 {
                try store.put("\(number)", number)
            }
            let reader = try store.profile.beginReading()
            let walk = reader.records(of: store).makeIterator()
            _ = try walk.next()?.get()
            try reader.end()
            var errors: [KistError] = []
            while let element = walk.next() {
                if case .failure(let error) = element { errors.append(error) }
            }
            #expect(errors.map(\.code) == [.closed])
        }
    }
}
