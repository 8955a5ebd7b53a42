// Buffers.<|>
const std = @import("std<|>");

const limit = 10;

pub const Buffer = struct {
    data: []u8,

    pub fn init() Buffer {
        return .{ .data = &.{} };<|>
    }
};

fn empty() void {
    <|>
}

test "starts empty" {
    try std.testing.expect(true);<|>
}
