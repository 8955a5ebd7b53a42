// Notes.<|>
#import <Foundation/Foundation.h>

@protocol Named
- (NSString *)name;
@end

@interface Note : NSObject
- (void)save;
@end

@implementation Note
- (void)save
{
    NSLog(@"saved<|>");<|>
}
@end

int main(void)
{
    <|>
}
