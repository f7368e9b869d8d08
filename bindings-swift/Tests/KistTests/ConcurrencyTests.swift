import Kist
import Testing

struct ConcurrencyTests {
    @Test func tasksCountTogether() async throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath, .init(durability: .relaxed))
        let store = try profile.store("counters")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        try await profile.write { (writer) throws(KistError) in
                            let count = try writer.get("all", as: UInt64.self, in: store) ?? 0
                            try writer.put("all", count + 1, in: store)
                            let own = try writer.get("task \(task)", as: UInt64.self, in: store) ?? 0
                            try writer.put("task \(task)", own + 1, in: store)
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<100 {
                        try await profile.read { (reader) throws(KistError) in
                            let all = try reader.get("all", as: UInt64.self, in: store) ?? 0
                            var sum: UInt64 = 0
                            for record in try reader.records(of: store, .prefix("task ")).all() {
                                if case .u64(let own) = record.value { sum += own }
                            }
                            if sum != all { throw KistError(.internal, "\(sum) in parts, \(all) in all") }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.get("all", as: UInt64.self) == 800)
        #expect(try profile.check().violations == 0)
    }

    @Test func tasksShareAReader() async throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath, .init(durability: .relaxed))
        let store = try profile.store("s")
        try await profile.write { writer in
            for number in 0..<500 {
                try writer.put("\(number)", number, in: store)
            }
        }
        let reader = try profile.beginReading()
        try store.clear()
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try (0..<500).reduce(0) { try $0 + (reader.get("\($1)", as: Int.self, in: store) ?? 0) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == [Int](repeating: 499 * 500 / 2, count: 4))
    }
}
