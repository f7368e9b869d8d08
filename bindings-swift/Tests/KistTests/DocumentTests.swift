import Kist
import Testing

struct DocumentTests {
    @Test func membersAreReadByPointer() throws {
        try withProfile { profile in
            let store = try profile.store("json")
            try store.put("k", JSON(#"{"a": [1, {"bü": 2.50}]}"#))
            try store.put("text", "{}")
            #expect(try store.member("/a/1/bü", of: "k") == JSON("2.50"))
            #expect(try store.member("/x", of: "k") == nil)
            #expect(try store.member("", of: "none") == nil)
            expectError(.invalidArgument) { _ = try store.member("a", of: "k") }
            expectError(.wrongType) { _ = try store.member("/a", of: "text") }
            try profile.read { reader in
                try store.put("k", JSON("0"))
                let before = try reader.member("/a/0", of: "k", in: store)
                #expect(before == JSON("1"))
            }
            #expect(try store.member("", of: "k") == JSON("0"))
        }
    }

    @Test func mergePatchesLeaveTheRestAsItWas() throws {
        try withProfile { profile in
            let store = try profile.store("json")
            #expect(try store.mergePatch(JSON(#"{"a":{"b":1},"c":null}"#), into: "k") == JSON(#"{"a":{"b":1}}"#))
            try profile.write { writer in
                _ = try writer.mergePatch(JSON(#"{"d":1.50}"#), into: "k", in: store)
            }
            #expect(try store.get("k") == .json(JSON(#"{"a":{"b":1},"d":1.50}"#)))
            #expect(try store.mergePatch(JSON(#"{"a":null}"#), into: "k") == JSON(#"{"d":1.50}"#))
            expectError(.invalidJson) { _ = try store.mergePatch(JSON(#"{"d":}"#), into: "k") }
            try store.put("text", "{}")
            expectError(.wrongType) { _ = try store.mergePatch(JSON("{}"), into: "text") }
        }
    }
}
